using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Lethe.Proxy.Access;

/// <summary>
/// How a browser signs in at the issuer: the authorization code flow (OpenID Connect Core 1.0 §3.1) with PKCE (RFC 7636). What has to come back with the code is kept by the
/// browser alone, for ten minutes.
/// </summary>
internal sealed class CodeFlow(OidcIssuer issuer, LetheOptions options)
{
    /// <summary>Where the issuer sends the browser back to.</summary>
    public const string Callback = "/signin/callback";

    private const string Cookie = "lethe_signin";
    private const int SecretBytes = 32;
    private const int CodeCharsMax = 4096;
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <summary>The issuer's address for this browser, which will come back to <paramref name="back"/>.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer could not be asked.</exception>
    public async Task<string> BeginAsync(HttpContext context, string back)
    {
        var endpoint = (await issuer.EndpointsAsync()).AuthorizationEndpoint ?? throw new IssuerUnreachableException("The issuer names no address to sign in at.");
        var (state, verifier) = (Secret(), Secret());
        context.Response.Cookies.Append(Cookie, $"{state}.{verifier}.{Base64UrlEncoder.Encode(back)}", Kept(context));
        (string Name, string Value)[] query =
        [
            ("response_type", "code"), ("client_id", options.Oidc.ClientId!), ("redirect_uri", Address(context)), ("scope", options.Oidc.SignInScope), ("state", state),
            ("code_challenge", Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), ("code_challenge_method", "S256"),
        ];
        return endpoint + (endpoint.Contains('?', StringComparison.Ordinal) ? "&" : "?") + string.Join('&', query.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"));
    }

    /// <summary>The token for the code that a browser brought, and where it was going; null where it brought none, or not what it was given.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer could not be asked.</exception>
    public async Task<(string Token, string Back)?> EndAsync(HttpContext context)
    {
        var (code, state) = (context.Request.Query["code"].ToString(), context.Request.Query["state"].ToString());
        var kept = (context.Request.Cookies[Cookie] ?? "").Split('.');
        context.Response.Cookies.Delete(Cookie, Kept(context));
        if (code.Length is 0 or > CodeCharsMax || kept is not [{ Length: > 0 } known, var verifier, var back]
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(state)))
        {
            return null;
        }

        var endpoint = (await issuer.EndpointsAsync()).TokenEndpoint ?? throw new IssuerUnreachableException("The issuer names no address for tokens.");
        var answer = await issuer.TokensAsync(endpoint, new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = Address(context),
            ["client_id"] = options.Oidc.ClientId!,
            ["code_verifier"] = verifier,
        });
        foreach (var name in (string[])["access_token", "id_token"])
        {
            if (answer is { ValueKind: JsonValueKind.Object } told && told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                && value.GetString() is { } token && await issuer.FindAsync(token) is not null)
            {
                return (token, SignInCookie.Back(Decoded(back)));
            }
        }

        return null;
    }

    private string Address(HttpContext context) => (options.PublicUrl?.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}") + Callback;

    private static string? Decoded(string back)
    {
        try
        {
            return Base64UrlEncoder.Decode(back);
        }
        catch (FormatException)
        {
            // Somebody wrote the cookie by hand.
            return null;
        }
    }

    private static string Secret() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(SecretBytes));

    // Lax: the browser comes back from the issuer's site, and has to bring it.
    private static CookieOptions Kept(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        Path = "/signin",
        MaxAge = Lasts,
        IsEssential = true,
    };
}
