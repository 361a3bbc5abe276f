using System.Security.Claims;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Lethe.Proxy.Access;

/// <summary>
/// An OpenID Connect issuer whose JWTs (RFC 7519) are good here: signed by one of the keys that it has by now, made out for this audience, not expired. Its
/// keys are read when the first token is shown, now and then, and when a token names one that is not known.
/// </summary>
internal sealed class OidcIssuer : IDisposable
{
    private const string ScopePrefix = "lethe.";
    private const int TokenCharsMax = 16 * 1024;
    private const int AnswerBytesMax = 1024 * 1024;
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Whoever shows made-up keys has the issuer asked no more often than this.</summary>
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(30);

    private readonly OidcOptions options;
    private readonly HttpClient http = new() { Timeout = AnswerMax, MaxResponseContentBufferSize = AnswerBytesMax };
    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = TokenCharsMax };
    private readonly TokenValidationParameters parameters;

    public OidcIssuer(LetheOptions options)
    {
        this.options = options.Oidc;
        var authority = this.options.Authority!.TrimEnd('/');
        var documents = new HttpDocumentRetriever(http) { RequireHttps = !new Uri(authority).IsLoopback };
        parameters = new TokenValidationParameters
        {
            ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(
                authority + "/.well-known/openid-configuration", new OpenIdConnectConfigurationRetriever(), documents)
            {
                RefreshInterval = RefreshInterval,
                // A key that the issuer has taken back is good no more.
                UseLastKnownGoodConfiguration = false,
            },
            ValidAudience = this.options.Audience,
            ClockSkew = ClockSkew,
            // A key that everybody knows signs nothing: no HMAC over a public key, and no unsigned tokens.
            ValidAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"],
        };
    }

    /// <summary>Whose token this is; null for one that is not good.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer could not be asked for its keys.</exception>
    public async Task<Caller?> FindAsync(string token)
    {
        if (token.Length > TokenCharsMax || !handler.CanReadToken(token))
        {
            return null;
        }

        await EndpointsAsync();
        var result = await handler.ValidateTokenAsync(token, parameters);
        return result.IsValid ? CallerOf(result.ClaimsIdentity) : null;
    }

    /// <summary>Where the issuer signs people in, and where it gives tokens for codes.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer could not be asked.</exception>
    public async Task<OpenIdConnectConfiguration> EndpointsAsync()
    {
        try
        {
            return (OpenIdConnectConfiguration)await parameters.ConfigurationManager.GetBaseConfigurationAsync(CancellationToken.None);
        }
        catch (InvalidOperationException unknown)
        {
            throw new IssuerUnreachableException(unknown.Message, unknown);
        }
    }

    /// <summary>The form's answer (RFC 6749 §5.1); null where the issuer refuses.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer does not answer, or with no JSON.</exception>
    public async Task<JsonElement?> TokensAsync(string endpoint, IReadOnlyDictionary<string, string> form)
    {
        try
        {
            using var content = new FormUrlEncodedContent(form);
            using var answer = await http.PostAsync(new Uri(endpoint), content);
            if (!answer.IsSuccessStatusCode)
            {
                return null;
            }

            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
            return document.RootElement.Clone();
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or JsonException)
        {
            throw new IssuerUnreachableException(fault.Message, fault);
        }
    }

    public void Dispose() => http.Dispose();

    private Caller? CallerOf(ClaimsIdentity claims)
    {
        var org = Guid.Empty;
        if (options.OrgClaim is { } name && !Guid.TryParseExact(claims.FindFirst(name)?.Value, "D", out org))
        {
            return null;
        }

        string[] scopes =
        [
            .. claims.Claims.Where(claim => claim.Type is "scope" or "scp")
                .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(scope => scope.StartsWith(ScopePrefix, StringComparison.Ordinal))
                .Select(scope => scope[ScopePrefix.Length..])
                .Where(AccessScope.All.Contains),
        ];
        return new Caller(org.ToString("D"), claims.FindFirst(options.SubjectClaim)?.Value, scopes.Length > 0 ? scopes : options.DefaultScopes);
    }
}

/// <summary>The issuer of tokens did not tell its keys; nobody knows whether a token is good.</summary>
public sealed class IssuerUnreachableException : Exception
{
    public IssuerUnreachableException()
    {
    }

    public IssuerUnreachableException(string message)
        : base(message)
    {
    }

    public IssuerUnreachableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
