using System.Text.Json;
using Lethe.Capture.Harnesses;

namespace Lethe.Ingest.Meaning;

/// <summary>Who calls and how that is known. Told apart without writing the evidence out: it is the same from call to call.</summary>
internal sealed class Caller(SessionEnvelope envelope) : IEquatable<Caller>
{
    private readonly IReadOnlyDictionary<string, string> evidence = envelope.Evidence;

    public string HarnessId { get; } = envelope.HarnessId;

    public string Version { get; } = envelope.HarnessVersion ?? "";

    public string EvidenceJson() => JsonSerializer.Serialize(evidence, StoredJson.Default.IReadOnlyDictionaryStringString);

    public bool Equals(Caller? other)
    {
        if (other is null || HarnessId != other.HarnessId || Version != other.Version || evidence.Count != other.evidence.Count)
        {
            return false;
        }

        foreach (var (field, source) in evidence)
        {
            if (!other.evidence.TryGetValue(field, out var others) || others != source)
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as Caller);

    public override int GetHashCode() => HashCode.Combine(HarnessId, Version, evidence.Count);
}
