namespace Lethe.Proxy.ExtProc;

/// <summary>What made an exchange final.</summary>
internal enum StreamEnd
{
    /// <summary>Both directions of the call were seen to their end.</summary>
    BothEnded,

    /// <summary>A rule of ours refused the call.</summary>
    Blocked,

    /// <summary>The data plane let go of the stream; it does not tell why.</summary>
    StreamClosed,

    /// <summary>We let go of it, because we are stopping.</summary>
    Drained,

    /// <summary>We let go of it, because the door held too much of all calls' bodies.</summary>
    OverBound,
}
