using System.Globalization;
using System.Text.Json;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>One row of the session query, as the columns are, but for the counters.</summary>
internal sealed class SessionRow
{
    public Guid SessionId { get; init; }
    public string OrgId { get; init; } = "";
    public string HarnessId { get; init; } = "";
    public string HarnessSessionId { get; init; } = "";
    public string? HarnessVersion { get; init; }
    public string? IdOrigin { get; init; }
    public long IsPlaceholder { get; init; }
    public string? AuthSubject { get; init; }
    public string? Name { get; init; }
    public string? Cwd { get; init; }
    public string? Metadata { get; init; }
    public long? FirstSeenAt { get; init; }
    public long? LastSeenAt { get; init; }
    public string? ClaimHarnessId { get; init; }
    public string? ClaimSessionId { get; init; }
    public string? ParentResolution { get; init; }
    public Guid? ParentSessionId { get; init; }
    public string? ParentHarnessId { get; init; }
    public long? PinnedAt { get; init; }
    public string? PinReason { get; init; }
    public long? ErasedAt { get; init; }

    public SessionSummary ToSummary(SessionCounters counters, IReadOnlyList<string> models) => new()
    {
        SessionId = SessionId.ToString("D"),
        OrgId = OrgId,
        HarnessId = HarnessId,
        HarnessSessionId = HarnessSessionId,
        HarnessVersion = HarnessVersion,
        IdOrigin = IdOrigin ?? (IsPlaceholder != 0 ? null : "synthetic"),
        IsPlaceholder = IsPlaceholder != 0,
        AuthSubject = AuthSubject,
        Name = Name,
        Cwd = Cwd,
        Metadata = Metadata,
        FirstSeenAt = FirstSeenAt is { } first ? Microseconds.ToTime(first) : null,
        LastSeenAt = LastSeenAt is { } last ? Microseconds.ToTime(last) : null,
        StartedAt = Told("started_at") is { } told && DateTimeOffset.TryParse(told, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) ? start : FirstSeenAt is { } heard ? Microseconds.ToTime(heard) : null,
        SourceFile = Told("source_file"),
        ParentSessionId = ParentSessionId?.ToString("D"),
        Parent = ClaimSessionId is null
            ? null
            : new ParentRecord(ParentSessionId?.ToString("D"), ClaimHarnessId ?? ParentHarnessId, ClaimSessionId, ParentResolution ?? "unresolved"),
        PinnedAt = PinnedAt is { } pinned ? Microseconds.ToTime(pinned) : null,
        PinReason = PinReason,
        ErasedAt = ErasedAt is { } erased ? Microseconds.ToTime(erased) : null,
        Counters = counters,
        Models = models,
    };

    // What a producer tells besides stands among the metadata.
    private string? Told(string name)
    {
        if (Metadata is null || !Metadata.Contains(name, StringComparison.Ordinal))
        {
            return null;
        }

        using var metadata = JsonDocument.Parse(Metadata);
        return JsonWord.Of(metadata.RootElement, name);
    }
}
