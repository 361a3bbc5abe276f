using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Puts sealed lines one after the other into a buffer, and knows where each will stand. Not thread-safe.</summary>
internal sealed class LineWriter(OpenLines open) : IDisposable
{
    private readonly RecentRequests recent = new();
    private readonly byte[] contentHash = new byte[JournalLine.SealBytes];
    private byte[] seal = new byte[JournalLine.SealBytes];
    private byte[] nextSeal = new byte[JournalLine.SealBytes];
    private JournalPosition bufferStart;
    private int lineStart;
    private int dataStart;

    public LineBuffer Buffer { get; } = new();

    /// <summary>Where the next line will stand.</summary>
    public JournalPosition Position { get; private set; }

    public ReadOnlySpan<byte> Seal => seal;

    /// <summary>Empties the buffer; what comes next stands at <paramref name="at"/> and follows <paramref name="previousSeal"/>.</summary>
    public void StartAt(JournalPosition at, ReadOnlySpan<byte> previousSeal)
    {
        Buffer.Clear();
        bufferStart = at;
        Position = at;
        previousSeal.CopyTo(seal);
    }

    /// <summary>Empties the buffer, whose lines are in the file now.</summary>
    public void Flushed() => StartAt(Position, [.. seal]);

    /// <summary>The segment's first line.</summary>
    public void Header()
    {
        recent.Clear();
        Begin(LineKind.Segment);
        SegmentHeader.Write(seal, open.Current, Buffer);
        End();
    }

    /// <summary>The segment's last line.</summary>
    public void Footer()
    {
        Begin(LineKind.End);
        Buffer.Raw("{}"u8);
        End();
    }

    public void Whole(CapturedExchange exchange) => Write(LineKind.Exchange, exchange, RepeatedIn(exchange));

    /// <summary>An exchange in one line that can be read, and compared, without any other.</summary>
    public void SelfContained(CapturedExchange exchange) => Write(LineKind.Exchange, exchange);

    /// <summary>The first line of an exchange that is written as it goes; the bodies are its first pieces.</summary>
    public void Open(CapturedExchange exchange)
    {
        var at = Position;
        Write(LineKind.Open, exchange, RepeatedIn(exchange));
        open.Opened(exchange.Id, at);
    }

    public void Part(CapturedExchange piece, bool withResponseHead)
    {
        Begin(LineKind.Part);
        ExchangeLine.WritePart(piece, withResponseHead, Buffer);
        End();
    }

    /// <summary>The last line of an exchange that was opened; the bodies are its last pieces, their totals those of the whole.</summary>
    public void Close(CapturedExchange exchange)
    {
        Write(LineKind.Close, exchange);
        open.Closed(exchange.Id);
    }

    public LineMark Mark() => new(Buffer.Length, Position, [.. seal], open.Changes);

    /// <summary>Takes back every line since the mark.</summary>
    public void RollBack(LineMark mark)
    {
        recent.Clear();
        Buffer.Truncate(mark.Length);
        Position = mark.Position;
        mark.Seal.CopyTo(seal, 0);
        open.RollBack(mark.Changes);
    }

    public void Dispose() => Buffer.Dispose();

    private RepeatedRequest? RepeatedIn(CapturedExchange exchange) => recent.Find(exchange.Request.Bytes.Span, Position);

    private void Write(LineKind kind, CapturedExchange exchange, RepeatedRequest? repeated = null)
    {
        Begin(kind);
        ExchangeLine.Write(exchange, Buffer, repeated);
        End();
    }

    private void Begin(LineKind kind)
    {
        lineStart = Buffer.Length;
        JournalLine.WritePrefix(Buffer, Position.Sequence, kind);
        dataStart = Buffer.Length;
    }

    private void End()
    {
        var written = Buffer.Written.Span;
        JournalLine.Seal(seal, written[lineStart..dataStart], written[dataStart..], contentHash, nextSeal);
        (seal, nextSeal) = (nextSeal, seal);
        JournalLine.WriteSuffix(Buffer, seal);
        Position = new JournalPosition(default, bufferStart.Segment, bufferStart.Offset + Buffer.Length, Position.Sequence + 1);
    }
}

/// <summary>A state of a <see cref="LineWriter"/> to go back to.</summary>
internal readonly record struct LineMark(int Length, JournalPosition Position, byte[] Seal, int Changes);
