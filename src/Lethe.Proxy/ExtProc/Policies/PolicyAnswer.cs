namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>What a policy did with a message.</summary>
internal enum PolicyAnswer
{
    /// <summary>Nothing: the message is answered as if there were no policy.</summary>
    Passes,

    /// <summary>An answer was given.</summary>
    Answered,

    /// <summary>No answer is due yet (full duplex).</summary>
    Held,

    /// <summary>The call was ended with a reply of ours; nothing may be answered any more.</summary>
    Blocked,
}
