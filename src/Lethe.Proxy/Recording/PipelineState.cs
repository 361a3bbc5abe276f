using Lethe.Ingest.Keeping;

namespace Lethe.Proxy.Recording;

/// <summary>How the memory is: what readiness is made of, and what <c>lethe status</c> tells.</summary>
public sealed record PipelineState
{
    public required bool JournalWritable { get; init; }

    public required bool StoreReachable { get; init; }

    /// <summary><c>opening</c>, <c>catching_up</c>, <c>following</c>, <c>retrying</c>, <c>halted</c> or <c>stopped</c>.</summary>
    public required string Ingest { get; init; }

    /// <summary>Why it does not go on; null while it does.</summary>
    public string? IngestReason { get; init; }

    /// <summary>All that was in the journal at the start is in the store.</summary>
    public required bool CaughtUp { get; init; }

    public long LagRecords { get; init; }

    public long LagBytes { get; init; }

    /// <summary>How long ago what ingest reads next was said, about.</summary>
    public double LagSeconds { get; init; }

    public int OpenCalls { get; init; }

    /// <summary>What is kept no longer; null where an earlier lethe answers.</summary>
    public KeepingState? Keeping { get; init; }

    /// <summary>True where the store is another lethe's: whether that one answers is nothing that a caller of this one has to wait for.</summary>
    public bool IsShipped { get; init; }

    public bool IsReady => JournalWritable && (IsShipped ? Ingest is not ("halted" or "stopped") : StoreReachable && CaughtUp && Ingest == "following");
}
