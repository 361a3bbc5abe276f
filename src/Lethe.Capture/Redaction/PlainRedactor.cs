using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>Redacts a plain body by what it is: a stream of events line by line, an event stream message by message, all else through a sliding window.</summary>
/// <param name="framed">True for binary frames that carry their length: marks are as long as what they stand for.</param>
/// <param name="isLines">True for JSON values one a line, which nothing but their label tells from a document.</param>
internal sealed class PlainRedactor(bool framed, bool isLines) : IDisposable
{
    /// <summary>
    /// How much of a body tells what it is, however much of it is there by then: the two lengths and the sum with which an event stream begins are in it,
    /// and the longest name of an event's first line behind a few blanks.
    /// </summary>
    private const int BeginningBytes = 64;

    private readonly PooledBytes beginning = new();
    private StreamRedactor? window;
    private EventRedactor? events;
    private MessageRedactor? messages;

    public void Append(ReadOnlySpan<byte> part, PooledBytes output)
    {
        if (window is null && events is null && messages is null)
        {
            beginning.Append(part);
            if (beginning.Length < BeginningBytes)
            {
                return;
            }

            var bytes = beginning.ToArray();
            Open(bytes);
            Pass(bytes, output);
            return;
        }

        Pass(part, output);
    }

    /// <summary>The body has ended: writes the rest.</summary>
    public void Complete(PooledBytes output)
    {
        if (window is null && events is null && messages is null)
        {
            var bytes = beginning.ToArray();
            Open(bytes);
            Pass(bytes, output);
        }

        window?.Complete(output);
        events?.Complete(output);
        messages?.Complete(output);
    }

    public void Dispose()
    {
        beginning.Dispose();
        window?.Dispose();
        events?.Dispose();
        messages?.Dispose();
    }

    private void Open(ReadOnlySpan<byte> bytes)
    {
        beginning.Clear();
        var shape = BodySniffer.Sniff(bytes[..Math.Min(bytes.Length, BeginningBytes)]);
        if (shape == BodyShape.Messages)
        {
            messages = new MessageRedactor();
        }
        else if (!framed && (isLines || shape == BodyShape.Events))
        {
            events = new EventRedactor();
        }
        else
        {
            window = new StreamRedactor(framed);
        }
    }

    private void Pass(ReadOnlySpan<byte> part, PooledBytes output)
    {
        window?.Append(part, output);
        events?.Append(part, output);
        messages?.Append(part, output);
    }
}
