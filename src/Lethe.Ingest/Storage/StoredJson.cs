using System.Text.Json.Serialization;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Storage;

/// <summary>The JSON columns' shapes; names as the contract has them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ErrorRecord))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class StoredJson : JsonSerializerContext;
