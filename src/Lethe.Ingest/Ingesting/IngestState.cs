namespace Lethe.Ingest.Ingesting;

/// <summary>Where ingest stands.</summary>
public enum IngestPhase
{
    /// <summary>The store is being opened, made or brought up to date.</summary>
    Opening,

    /// <summary>What was in the journal at the start is being taken in.</summary>
    CatchingUp,

    /// <summary>It has reached the end of the journal once, and goes on behind it.</summary>
    Following,

    /// <summary>Something failed and is tried again; nothing is lost meanwhile.</summary>
    Retrying,

    /// <summary>The journal goes on in a version that this program does not know, or another recorder takes it in: it is written on, and not read.</summary>
    Halted,

    /// <summary>It was told to end.</summary>
    Stopped,
}

/// <summary>Where ingest stands, and why when it does not go on.</summary>
/// <param name="Reason">One line without captured content; null while all is well.</param>
public sealed record IngestState(IngestPhase Phase, string? Reason = null);
