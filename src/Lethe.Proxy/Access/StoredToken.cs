using System.Text.Json.Serialization;

namespace Lethe.Proxy.Access;

/// <summary>A token as it is kept: everything but the secret.</summary>
/// <param name="Id">Names the token; it stands in the token too, and is no secret.</param>
/// <param name="SecretSha256">64 hex digits: SHA-256 of the secret, which has 256 random bits and needs no slower hash.</param>
/// <param name="Org">The organisation whose records its bearer reads and adds to; a UUID.</param>
/// <param name="Subject">Whose token it is; null when nobody said.</param>
/// <param name="Scopes">Words of <see cref="AccessScope"/>.</param>
/// <param name="ExpiresAt">From then on it is none; null for never.</param>
internal sealed record StoredToken(string Id, string SecretSha256, string Org, string? Subject, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<StoredToken>))]
internal sealed partial class StoredTokenJson : JsonSerializerContext;
