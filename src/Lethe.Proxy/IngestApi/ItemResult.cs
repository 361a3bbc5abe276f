using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lethe.Proxy.IngestApi;

/// <summary>What became of one payload or line.</summary>
/// <param name="Line">Its place, from 1 on; null for a payload that came alone.</param>
/// <param name="Status"><c>accepted</c>, <c>duplicate</c>, <c>conflict</c>, <c>rejected</c>, or <c>journaled</c> where only the journal was waited for.</param>
/// <param name="Code">Stable; null where all is well.</param>
/// <param name="ExchangeId">The stored exchange; for a duplicate or a conflict the one stored first.</param>
/// <param name="TurnSeq">Its turn's place in the session, told of a payload that came alone; null for what is no turn.</param>
internal sealed record ItemResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Line,
    string Status,
    string? Code,
    string? ExchangeId = null,
    string? SessionId = null,
    int? TurnSeq = null,
    bool Replayed = false,
    string? Detail = null)
{
    public const string Accepted = "accepted";
    public const string Duplicate = "duplicate";
    public const string Conflict = "conflict";
    public const string Rejected = "rejected";
    public const string Journaled = "journaled";
}

/// <summary>What became of many, in their order.</summary>
internal sealed record LinesResult(int Accepted, int Duplicate, int Conflict, int Rejected, IReadOnlyList<ItemResult> Results);

/// <summary>What became of a batch, in its order.</summary>
internal sealed record BatchResult(IReadOnlyList<ItemResult> Results);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ItemResult))]
[JsonSerializable(typeof(LinesResult))]
[JsonSerializable(typeof(BatchResult))]
[JsonSerializable(typeof(IReadOnlyList<ItemResult>))]
internal sealed partial class IngestJson : JsonSerializerContext;
