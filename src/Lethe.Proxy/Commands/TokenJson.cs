using System.Text.Json.Serialization;

namespace Lethe.Proxy.Commands;

/// <summary>What <c>lethe token create --json</c> prints: the only time that the text is seen.</summary>
internal sealed record CreatedToken(string Id, string Token, string Org, string? Subject, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt);

/// <summary>One of <c>lethe token list --json</c>.</summary>
internal sealed record ListedToken(string Id, string Org, string? Subject, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CreatedToken))]
[JsonSerializable(typeof(IReadOnlyList<ListedToken>))]
internal sealed partial class TokenJson : JsonSerializerContext;
