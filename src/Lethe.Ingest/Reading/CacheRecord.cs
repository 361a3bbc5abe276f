namespace Lethe.Ingest.Reading;

/// <summary>What became of the vendor's prompt cache in one call, compared with the call whose cache it was to use again.</summary>
public sealed record CacheRecord
{
    /// <summary><c>hit</c>, <c>rebuilt</c>, <c>expired</c>, <c>first</c>, <c>off</c> or <c>unknown</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>
    /// <c>model_changed</c>, <c>expired</c>, <c>tools_changed</c>, <c>system_changed</c>, <c>compacted</c>, <c>history_changed</c>, <c>history_shrank</c>,
    /// <c>parameters_changed</c>, <c>marks_moved</c>, <c>not_marked</c>, <c>too_short</c>, <c>first</c> or <c>unknown</c>; null for a hit.
    /// </summary>
    public string? Reason { get; init; }

    /// <summary><c>certain</c>, <c>likely</c> or <c>unknown</c>.</summary>
    public required string Confidence { get; init; }

    /// <summary>Where the prompt first differs, in the order in which it is cached: <c>tools[13] name</c>, <c>system[2]</c>, <c>messages[78]</c>; null where it does not.</summary>
    public string? FirstDifference { get; init; }

    /// <summary>What reading again would have saved; null where the price is not known.</summary>
    public long? CostNanoUsd { get; init; }

    /// <summary>What the vendor itself says; null when it says nothing.</summary>
    public CacheVendorRecord? Vendor { get; init; }

    /// <summary>The call that left the cache; null where there is none.</summary>
    public string? ComparedWith { get; init; }

    /// <summary>Tokens that the call before had left, and that were not read.</summary>
    public long? LostTokens { get; init; }

    /// <summary>Where the request asked for its beginning to be kept.</summary>
    public IReadOnlyList<CacheMarkRecord> Marks { get; init; } = [];
}

/// <summary>The vendor's own word: its reason, and the input tokens that it names.</summary>
public sealed record CacheVendorRecord(string Reason, long? MissedInputTokens);

/// <summary>A mark: <c>tools</c>, <c>system</c>, <c>messages</c> or <c>request</c>; the place in that list; the block in that message; how long (<c>5m</c>, <c>1h</c>).</summary>
public sealed record CacheMarkRecord(string Scope, int? Index, int? Block, string Ttl);

/// <summary>A tool's outcome that a request brought.</summary>
/// <param name="Status"><c>ok</c>, <c>error</c> or <c>cancelled</c>.</param>
/// <param name="LatencyMs">From the end of the answer that asked to the request; null where that answer was not seen.</param>
public sealed record ToolResultRecord(string Id, string Status, double? LatencyMs);
