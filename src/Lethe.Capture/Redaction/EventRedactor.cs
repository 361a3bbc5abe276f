using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Redaction;

/// <summary>
/// Redacts a stream of events, server-sent or JSON lines: each line by itself, and the texts that it tells in pieces as the texts that they are, so that
/// a secret spelled over several events goes as it would have gone in one. Lines come out in order, each once it can be told. Not thread-safe.
/// </summary>
internal sealed class EventRedactor : IDisposable
{
    /// <summary>A longer line is no event: it is redacted by itself.</summary>
    private const int LineBytesMax = 1024 * 1024;

    /// <summary>What waits beyond this is told as if nothing followed.</summary>
    private const int HeldBytesMax = 256 * 1024;

    /// <summary>A text that so many lines have added nothing to has ended.</summary>
    private const int IdleLines = 16;

    private const int TextsMax = 256;

    private readonly PooledBytes begun = new();
    private readonly Queue<HeldLine> held = new();
    private readonly Dictionary<string, DeltaText> texts = new(StringComparer.Ordinal);
    private long lines;
    private int heldBytes;

    public void Append(ReadOnlySpan<byte> part, PooledBytes output)
    {
        while (!part.IsEmpty)
        {
            var end = part.IndexOf((byte)'\n');
            begun.Append(end < 0 ? part : part[..(end + 1)]);
            part = end < 0 ? default : part[(end + 1)..];
            if (end >= 0 || begun.Length > LineBytesMax)
            {
                TakeLine(output);
            }
        }
    }

    /// <summary>The stream has ended: writes the rest.</summary>
    public void Complete(PooledBytes output)
    {
        if (begun.Length > 0)
        {
            TakeLine(output);
        }

        EndTexts(all: true);
        Write(output);
    }

    public void Dispose()
    {
        begun.Dispose();
        foreach (var text in texts.Values)
        {
            text.Dispose();
        }
    }

    private void TakeLine(PooledBytes output)
    {
        var line = new HeldLine(begun.ToArray());
        begun.Clear();
        lines++;
        List<(int Start, int Length)> told = [];
        if (Json(line.Bytes) is { IsEmpty: false } json)
        {
            var offset = line.Bytes.Length - json.Length - TrailingBytes(line.Bytes.Span);
            _ = Deltas.TryFind(json, (text, start, length) =>
            {
                told.Add((offset + start, length));
                Text(text).Append(line, offset + start, length, lines);
            });
        }

        using (var rest = new LineText(line, told))
        {
            rest.Append(line.Bytes.Span);
            rest.Complete();
        }

        held.Enqueue(line);
        heldBytes += line.Bytes.Length;
        EndTexts(all: heldBytes > HeldBytesMax);
        Write(output);
    }

    private DeltaText Text(string name)
    {
        if (!texts.TryGetValue(name, out var text))
        {
            if (texts.Count == TextsMax)
            {
                EndTexts(all: true);
            }

            texts[name] = text = new DeltaText();
        }

        return text;
    }

    private void EndTexts(bool all)
    {
        foreach (var (name, text) in texts)
        {
            if (all || text.LastLine + IdleLines < lines)
            {
                text.Complete();
                text.Dispose();
                texts.Remove(name);
            }
        }
    }

    private void Write(PooledBytes output)
    {
        while (held.TryPeek(out var line) && line.Waiting == 0)
        {
            output.Append(line.Written());
            heldBytes -= line.Bytes.Length;
            held.Dequeue();
        }
    }

    /// <summary>What follows <c>data:</c>, or a line that is an object itself; empty for any other line.</summary>
    private static ReadOnlyMemory<byte> Json(ReadOnlyMemory<byte> line)
    {
        var rest = line.Span.StartsWith("data:"u8) ? line["data:".Length..] : line;
        rest = rest.Trim(" \t\r\n"u8);
        return rest.Length > 1 && rest.Span[0] == '{' && rest.Span[^1] == '}' ? rest : default;
    }

    private static int TrailingBytes(ReadOnlySpan<byte> line) => line.Length - line.TrimEnd(" \t\r\n"u8).Length;

    /// <summary>A line by itself. What lies in one of its deltas is their affair.</summary>
    private sealed class LineText(HeldLine line, List<(int Start, int Length)> told) : SecretWindow
    {
        private int at;

        protected override void Keep(ReadOnlySpan<byte> bytes) => at += bytes.Length;

        protected override void Replace(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> mark)
        {
            var (start, end) = (at, at + secret.Length);
            at = end;
            if (!told.Exists(delta => delta.Start < end && start < delta.Start + delta.Length))
            {
                line.Edit(start, secret.Length, mark);
            }
        }
    }
}
