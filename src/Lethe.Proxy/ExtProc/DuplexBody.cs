using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc;

/// <summary>One direction of a full-duplex call: what we do not send back of it is lost to the call, from its headers to its end.</summary>
internal struct DuplexBody
{
    private bool begun;
    private bool ended;

    public readonly bool IsOpen => begun && !ended;

    /// <summary>Takes a message of the direction. True for a part of the body behind its end: some versions repeat a large body's last chunk, and the copy must not be sent on.</summary>
    public bool IsRepeated(in WireMessage message)
    {
        var repeated = message.IsBody && ended;
        begun = true;
        ended |= message.EndOfStream;
        return repeated;
    }
}
