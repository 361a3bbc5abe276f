using Lethe.Ingest.Storage;

namespace Lethe.Ingest.Reading;

/// <summary>One row of the session query, as the columns are.</summary>
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
    public long Exchanges { get; init; }
    public long Turns { get; init; }
    public long Attempts { get; init; }
    public long Errors { get; init; }
    public long Input { get; init; }
    public long CacheRead { get; init; }
    public long CacheWrite5m { get; init; }
    public long CacheWrite1h { get; init; }
    public long Output { get; init; }
    public long Reasoning { get; init; }
    public long CostNanoUsd { get; init; }
    public long UnpricedTurns { get; init; }
    public long ToolCalls { get; init; }
    public long Nodes { get; init; }

    public SessionSummary ToSummary(IReadOnlyList<string> models) => new()
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
        Counters = new SessionCounters
        {
            Exchanges = Exchanges,
            Turns = Turns,
            Attempts = Attempts,
            Errors = Errors,
            Input = Input,
            CacheRead = CacheRead,
            CacheWrite5m = CacheWrite5m,
            CacheWrite1h = CacheWrite1h,
            Output = Output,
            Reasoning = Reasoning,
            CostNanoUsd = CostNanoUsd,
            UnpricedTurns = UnpricedTurns,
            ToolCalls = ToolCalls,
            Nodes = Nodes,
        },
        Models = models,
    };
}
