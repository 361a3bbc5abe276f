namespace Lethe.Capture.Redaction;

/// <summary>One text that a stream tells in pieces, each inside a line of its own. A secret's mark stands where it began; its later pieces lose their part.</summary>
internal sealed class DeltaText : SecretWindow
{
    private readonly Queue<Piece> pieces = new();

    /// <summary>The number of the line that last added to it.</summary>
    public long LastLine { get; private set; }

    /// <summary>Takes a piece: the bytes of a JSON string without its quotes.</summary>
    public void Append(HeldLine line, int start, int length, long number)
    {
        LastLine = number;
        line.Waiting += length;
        pieces.Enqueue(new Piece(line, start, length));
        Append(line.Bytes.Span.Slice(start, length));
    }

    protected override void Keep(ReadOnlySpan<byte> bytes)
    {
        for (var length = bytes.Length; length > 0;)
        {
            length -= Take(length).Length;
        }
    }

    protected override void Replace(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> mark)
    {
        for (var length = secret.Length; length > 0;)
        {
            var taken = Take(length);
            taken.Line.Edit(taken.Start, taken.Length, mark);
            length -= taken.Length;
            mark = default;
        }
    }

    private Piece Take(int lengthMax)
    {
        var piece = pieces.Peek();
        var length = Math.Min(lengthMax, piece.Length);
        piece.Line.Waiting -= length;
        if (length == piece.Length)
        {
            pieces.Dequeue();
            return piece;
        }

        var taken = new Piece(piece.Line, piece.Start, length);
        piece.Start += length;
        piece.Length -= length;
        return taken;
    }

    private sealed class Piece(HeldLine line, int start, int length)
    {
        public HeldLine Line => line;

        public int Start { get; set; } = start;

        public int Length { get; set; } = length;
    }
}
