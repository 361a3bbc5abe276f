using System.Text.Json.Serialization;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>A failure as its column holds it.</summary>
internal sealed record StoredError(string Phase, string? Type, string? Code, string? Message);

/// <summary>The JSON columns' shapes; names as the contract has them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(RepeatedAnswer))]
[JsonSerializable(typeof(StoredError))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(CostParts))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class StoredJson : JsonSerializerContext;
