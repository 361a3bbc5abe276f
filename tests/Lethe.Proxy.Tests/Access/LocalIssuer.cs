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

    private string KeyId => "key-" + generation;

    private RsaSecurityKey Key() => new(key.ExportParameters(true)) { KeyId = KeyId };

    private async Task AnswerAsync(HttpContext context)
    {
        if (IsDown)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        var open = key.ExportParameters(false);
        object told = context.Request.Path.Value == "/keys"
            ? new { keys = new[] { new { kty = "RSA", use = "sig", kid = KeyId, n = Base64UrlEncoder.Encode(open.Modulus), e = Base64UrlEncoder.Encode(open.Exponent) } } }
            : new { issuer = Authority, jwks_uri = Authority + "/keys" };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(told));
    }
}
