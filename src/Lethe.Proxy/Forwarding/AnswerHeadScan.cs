namespace Lethe.Proxy.Forwarding;

/// <summary>Looks for the end of an HTTP/1.1 answer's head (RFC 9112 §4) in bytes as they come; interim answers are passed over.</summary>
internal sealed class AnswerHeadScan
{
    private const int StatusStart = 9;
    private const int StatusEnd = 12;

    private int status;
    private int lineLength;
    private bool isInStatusLine = true;

    /// <summary>The status of the final answer, once its head has come whole; else 0.</summary>
    public int FinalStatus { get; private set; }

    public void Reset()
    {
        (FinalStatus, lineLength) = (0, 0);
        BeginHead();
    }

    /// <summary>Takes the bytes that follow; the index behind the final head's end in them, or -1.</summary>
    public int Feed(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '\n')
            {
                Take(bytes[i]);
            }
            else if (EndsFinalHead())
            {
                FinalStatus = status;
                return i + 1;
            }
        }

        return -1;
    }

    private void Take(byte octet)
    {
        if (octet != '\r')
        {
            if (isInStatusLine && lineLength is >= StatusStart and < StatusEnd)
            {
                status = (status * 10) + (octet - '0');
            }

            lineLength++;
        }
    }

    private bool EndsFinalHead()
    {
        var isBlank = lineLength == 0;
        lineLength = 0;
        if (!isBlank)
        {
            isInStatusLine = false;
            return false;
        }

        if (isInStatusLine || status is >= 200 or 101)
        {
            return !isInStatusLine;
        }

        BeginHead();
        return false;
    }

    private void BeginHead() => (status, isInStatusLine) = (0, true);
}
