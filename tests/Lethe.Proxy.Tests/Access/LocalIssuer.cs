using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lethe.Proxy.Tests.Access;

/// <summary>An OpenID Connect issuer on loopback, whose keys turn when a test says so.</summary>
internal sealed class LocalIssuer : IAsyncDisposable
{
    public const string Audience = "lethe-test";

    private FakeModelApi? api;
    private RSA key = RSA.Create(2048);
    private int generation;
    private Dictionary<string, string>? asked;

    /// <summary>When set, it answers nobody.</summary>
    public bool IsDown { get; set; }

    public string Authority => api!.Address;

    public static async Task<LocalIssuer> StartAsync()
    {
        var issuer = new LocalIssuer();
        issuer.api = await FakeModelApi.StartAsync(issuer.AnswerAsync);
        return issuer;
    }

    public void Rotate()
    {
        key.Dispose();
        key = RSA.Create(2048);
        generation++;
    }

    /// <summary>A token for <see cref="Audience"/>, good for an hour from <paramref name="from"/> on.</summary>
    public string Token(string? org, string? scope = null, string? audience = Audience, string? issuer = null, DateTime? from = null, SecurityKey? other = null)
    {
        var claims = new Dictionary<string, object> { ["sub"] = "dora" };
        if (org is not null)
        {
            claims["org"] = org;
        }

        if (scope is not null)
        {
            claims["scope"] = scope;
        }

        var began = from ?? TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1);
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Authority,
            Audience = audience,
            NotBefore = began,
            IssuedAt = began,
            Expires = began.AddHours(1),
            Claims = claims,
            SigningCredentials = other is SymmetricSecurityKey ? new SigningCredentials(other, "HS256") : new SigningCredentials(other ?? Key(), "RS256"),
        });
    }

    /// <summary>The public key, as one who would forge takes it for a shared one.</summary>
    public SymmetricSecurityKey PublicKeyAsSecret() => new(key.ExportSubjectPublicKeyInfo()) { KeyId = KeyId };

    public async ValueTask DisposeAsync()
    {
        await api!.DisposeAsync();
        key.Dispose();
    }

    /// <summary>The organisation of whoever signs in here.</summary>
    public string? SignsIn { get; set; }

    // The code is good once, for who began with this challenge.
    private async Task TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var challenge = Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        var isGood = asked is not null && form["code"] == "a-code" && form["grant_type"] == "authorization_code" && form["client_id"] == asked["client_id"] && form["redirect_uri"] == asked["redirect_uri"]
            && asked["code_challenge_method"] == "S256" && challenge == asked["code_challenge"];
        asked = null;
        context.Response.StatusCode = isGood ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(isGood ? (object)new { access_token = Token(SignsIn), token_type = "Bearer" } : new { error = "invalid_grant" }));
    }

    private string KeyId => "key-" + generation;

    private RsaSecurityKey Key() => new(key.ExportParameters(true)) { KeyId = KeyId };

    private async Task AnswerAsync(HttpContext context)
    {
        if (IsDown)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        if (context.Request.Path.Value == "/authorize")
        {
            asked = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            context.Response.Redirect($"{asked["redirect_uri"]}?code=a-code&state={Uri.EscapeDataString(asked["state"])}");
            return;
        }

        if (context.Request.Path.Value == "/token")
        {
            await TokenAsync(context);
            return;
        }

        var open = key.ExportParameters(false);
        object told = context.Request.Path.Value == "/keys"
            ? new { keys = new[] { new { kty = "RSA", use = "sig", kid = KeyId, n = Base64UrlEncoder.Encode(open.Modulus), e = Base64UrlEncoder.Encode(open.Exponent) } } }
            : new { issuer = Authority, jwks_uri = Authority + "/keys", authorization_endpoint = Authority + "/authorize", token_endpoint = Authority + "/token" };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(told));
    }
}
