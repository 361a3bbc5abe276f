using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc;

/// <summary>How much of one direction of a call has been seen.</summary>
internal struct DirectionProgress
{
    public bool HeadersSeen { get; private set; }

    public bool TrailersSeen { get; private set; }

    /// <summary>True when the data plane told the end, or the announced length has been seen.</summary>
    public bool Ended { get; private set; }

    /// <summary>The announced <c>content-length</c>; null when none was.</summary>
    public long? Announced { get; private set; }

    public long Bytes { get; private set; }

    public ProcessingMode.Types.BodySendMode? Mode { get; set; }

    public readonly bool LengthMet => Announced is { } length && Bytes >= length;

    /// <summary>True when bytes certainly went past unseen: the body is not sent at all, was cut at the buffer limit, or is shorter than announced.</summary>
    public readonly bool PassedUnseen =>
        HeadersSeen && !Ended && !LengthMet
        && (Mode is ProcessingMode.Types.BodySendMode.None
            || (Mode is ProcessingMode.Types.BodySendMode.BufferedPartial && Bytes > 0 && !TrailersSeen));

    public void TakeHeaders(long? contentLength, bool end)
    {
        (HeadersSeen, Announced) = (true, contentLength);
        Ended |= end;
    }

    public void TakeBody(long length, bool end)
    {
        Bytes += length;
        Ended |= end;
    }

    public void TakeTrailers() => (TrailersSeen, Ended) = (true, true);
}
