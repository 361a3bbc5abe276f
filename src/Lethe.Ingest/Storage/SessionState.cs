namespace Lethe.Ingest.Storage;

/// <summary>A parent that a session named: when first, and when last.</summary>
internal sealed class Claim
{
    public CaptureClock First { get; set; }

    public CaptureClock Last { get; set; }

    public bool Changed { get; set; }
}

/// <summary>A parent's natural key as a claim gives it; an empty harness is «not told».</summary>
internal readonly record struct ClaimedKey(string HarnessId, string HarnessSessionId);

/// <summary>One session's row while transactions run, written back once at the end of each.</summary>
internal sealed class SessionState
{
    public required long Key { get; init; }

    public required string SessionId { get; init; }

    public required long Org { get; init; }

    public required string HarnessId { get; init; }

    public required string HarnessSessionId { get; init; }

    public required bool IsPlaceholder { get; set; }

    public SessionFacts Facts { get; init; } = new();

    public SessionTotals Totals { get; init; } = new();

    public long? FirstSeenAt { get; set; }

    public long? LastSeenAt { get; set; }

    public Dictionary<ClaimedKey, Claim> Claims { get; init; } = [];

    /// <summary>The claim in force: the one named last.</summary>
    public ClaimedKey? Claimed { get; set; }

    public long? ClaimedParent { get; set; }

    public long? Parent { get; set; }

    public string? Resolution { get; set; }

    public bool Changed { get; set; }

    /// <summary>Nodes known to be members; not all members need be here.</summary>
    public HashSet<long> Members { get; } = [];

    /// <summary>True when <see cref="Members"/> is complete, because the session began in this process.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Tool calls known to be in the store, by call id.</summary>
    public Dictionary<string, ToolCallSides> Tools { get; } = new(StringComparer.Ordinal);

    public void Widen(long at)
    {
        FirstSeenAt = Math.Min(FirstSeenAt ?? at, at);
        LastSeenAt = Math.Max(LastSeenAt ?? at, at);
    }
}

/// <summary>Who asked for a tool call and who answered it, as far as stored.</summary>
internal readonly record struct ToolCallSides(CaptureClock? Asked, CaptureClock? Answered);
