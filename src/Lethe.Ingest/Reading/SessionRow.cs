using Lethe.Ingest.Storage;

namespace Lethe.Ingest.Reading;

/// <summary>One row of the session query, as the columns are, but for the counters.</summary>
internal sealed class SessionRow
{
    public long Session { get; init; }
    public string SessionId { get; init; } = "";
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
    public string? ParentSessionId { get; init; }
    public string? ParentHarnessId { get; init; }

    public SessionSummary ToSummary(SessionCounters counters, IReadOnlyList<string> models) => new()
    {
        SessionId = SessionId,
        OrgId = OrgId,
        HarnessId = HarnessId,
        HarnessSessionId = HarnessSessionId,
        HarnessVersion = HarnessVersion,
        IdOrigin = IdOrigin,
        IsPlaceholder = IsPlaceholder != 0,
        AuthSubject = AuthSubject,
        Name = Name,
        Cwd = Cwd,
        Metadata = Metadata,
        FirstSeenAt = FirstSeenAt is { } first ? Microseconds.ToTime(first) : null,
        LastSeenAt = LastSeenAt is { } last ? Microseconds.ToTime(last) : null,
        ParentSessionId = ParentSessionId,
        Parent = ClaimSessionId is null
            ? null
            : new ParentRecord(ParentSessionId, ClaimHarnessId ?? ParentHarnessId, ClaimSessionId, ParentResolution ?? "unresolved"),
        Counters = counters,
        Models = models,
    };
}
