using Lethe.Capture;
using Lethe.Capture.Harnesses;

namespace Lethe.Ingest.Storage;

/// <summary>Who calls and how that is known. Told apart without writing the evidence out: it is the same from call to call.</summary>
internal sealed class Caller(SessionEnvelope envelope) : IEquatable<Caller>
{
    private readonly string harnessId = envelope.HarnessId;
    private readonly string version = envelope.HarnessVersion ?? "";
    private readonly IReadOnlyDictionary<string, string> evidence = envelope.Evidence;

    /// <summary>Binds all but the evidence.</summary>
    public Statement Bind(Statement statement) => statement.Bind(harnessId).Bind(version);

    public bool Equals(Caller? other)
    {
        if (other is null || harnessId != other.harnessId || version != other.version || evidence.Count != other.evidence.Count)
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

    public override int GetHashCode() => HashCode.Combine(harnessId, version, evidence.Count);
}
