using System.Buffers;

namespace Lethe.Capture.Decoding.Framing;

/// <summary>
/// Reads the events of a text/event-stream body (WHATWG HTML §9.2): LF, CRLF or CR, comments, a byte order mark, several data lines.
/// An event without its closing blank line is given at the end of the body, or when the next one is named; a line that is an object itself is data. No allocation but for events of several data lines.
/// </summary>
internal sealed class SseReader
{
    private readonly ReadOnlyMemory<byte> body;
    private readonly ArrayBufferWriter<byte> joined = new();
    private ReadOnlyMemory<byte> pending;
    private int at;

    public SseReader(ReadOnlyMemory<byte> body)
    {
        this.body = body;
        at = body.Span.StartsWith("\uFEFF"u8) ? 3 : 0;
    }

    /// <summary>The event's type; empty when the stream named none.</summary>
    public ReadOnlyMemory<byte> Name { get; private set; }

    /// <summary>The event's data, lines joined by LF; valid until the next <see cref="Read"/>.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>Moves to the next event that carries data; false at the end of the body.</summary>
    public bool Read()
    {
        Name = pending;
        pending = default;
        var lines = 0;
        while (TryReadLine(out var line))
        {
            if (line.IsEmpty)
            {
                if (lines > 0)
                {
                    return true;
                }

                Name = default;
                continue;
            }

            if (TryField(line, "data"u8, out var value))
            {
                Data = lines++ == 0 ? value : Join(value, lines);
            }
            else if (TryField(line, "event"u8, out value))
            {
                if (lines > 0 && !Name.IsEmpty)
                {
                    // The blank line between them is missing.
                    pending = value;
                    return true;
                }

                Name = value;
            }
            else if (line.Span[0] == '{')
            {
                Data = lines++ == 0 ? line : Join(line, lines);
            }
        }

        return lines > 0;
    }

    private ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> value, int lines)
    {
        if (lines == 2)
        {
            joined.ResetWrittenCount();
            joined.Write(Data.Span);
        }

        joined.Write("\n"u8);
        joined.Write(value.Span);
        return joined.WrittenMemory;
    }

    private bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (at >= body.Length)
        {
            return false;
        }

        var rest = body[at..];
        var end = rest.Span.IndexOfAny((byte)'\n', (byte)'\r');
        if (end < 0)
        {
            at = body.Length;
            line = rest;
            return true;
        }

        var crlf = rest.Span[end] == '\r' && end + 1 < rest.Length && rest.Span[end + 1] == '\n';
        at += end + (crlf ? 2 : 1);
        line = rest[..end];
        return true;
    }

    private static bool TryField(ReadOnlyMemory<byte> line, ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        var span = line.Span;
        if (!span.StartsWith(name))
        {
            return false;
        }

        if (span.Length == name.Length)
        {
            return true;
        }

        if (span[name.Length] != ':')
        {
            return false;
        }

        var start = name.Length + 1;
        value = line[(start < span.Length && span[start] == ' ' ? start + 1 : start)..];
        return true;
    }
}
