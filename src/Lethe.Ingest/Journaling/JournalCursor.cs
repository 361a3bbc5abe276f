namespace Lethe.Ingest.Journaling;

/// <summary>What a step of a <see cref="JournalCursor"/> came upon.</summary>
internal enum CursorStep
{
    Line,
    End,
    Fault,
}

/// <summary>
/// Walks the lines of a journal in order, across segments, checking every seal and number. It reads only; a live writer may be at work.
/// A fault stops it until <see cref="SkipFault"/> is called.
/// </summary>
internal sealed class JournalCursor : IDisposable
{
    private readonly string directory;
    private readonly ReadableSegments readable;
    private readonly byte[] seal = new byte[JournalLine.SealBytes];
    private bool sealKnown;
    private LineReader? reader;
    private long unreadable;

    /// <param name="from">Its journal counts as this one's: who asks has compared.</param>
    /// <param name="writtenTo">How far the journal is durable, when its writer is known; else the files' ends count.</param>
    public JournalCursor(string directory, JournalPosition from, Func<JournalPosition>? writtenTo = null)
    {
        this.directory = directory;
        readable = new ReadableSegments(directory, writtenTo);
        Position = from;
    }

    /// <summary>Where the next line starts. A sequence of 0 is not known yet.</summary>
    public JournalPosition Position { get; private set; }

    public JournalPosition LineAt { get; private set; }

    public LineKind Kind { get; private set; }

    /// <summary>How many lines before this one were not synced when it was written.</summary>
    public long Behind { get; private set; }

    /// <summary>The data of the line; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>The header of the segment that the cursor is in, once it has read it.</summary>
    public SegmentHeader? Header { get; private set; }

    /// <summary>The seal of the last line; all zeros when not known.</summary>
    public ReadOnlySpan<byte> Seal => seal;

    public JournalFault? Fault { get; private set; }

    /// <summary>Bytes behind the last whole line: a line that is being written, or a torn one.</summary>
    public int PartialBytes => reader?.PartialBytes ?? 0;

    public CursorStep Step()
    {
        try
        {
            return Walk();
        }
        catch (Exception error) when (JournalDamage.OfFile(error))
        {
            return Fail(JournalFaultKind.Unreadable, Position, error.Message);
        }
    }

    /// <summary>Goes on behind the fault. What follows is believed from the next seal on.</summary>
    public void SkipFault()
    {
        var kind = Fault?.Kind;
        Fault = null;
        if (kind == JournalFaultKind.Unreadable)
        {
            PassUnreadable();
        }
        else if (kind is JournalFaultKind.Torn)
        {
            MoveOn();
        }
    }

    public void Dispose() => reader?.Dispose();

    private CursorStep Walk()
    {
        while (Fault is null)
        {
            if (reader is null && !OpenSegment())
            {
                return Fault is null ? CursorStep.End : CursorStep.Fault;
            }

            if (reader!.TryRead(readable.EndOf(Position.Segment), out var line))
            {
                return Take(line);
            }

            if (readable.After(Position.Segment) is null)
            {
                return reader.IsSealed && reader.PartialBytes > 0 ? Fail(JournalFaultKind.Torn, Position, "The sealed segment ends inside a line.") : CursorStep.End;
            }

            // The writer may have added lines between the look at the file and the look at the directory.
            if (reader.TryRead(readable.EndOf(Position.Segment), out line))
            {
                return Take(line);
            }

            if (reader.PartialBytes > 0)
            {
                return Fail(JournalFaultKind.Torn, Position, $"{reader.PartialBytes} bytes without a line's end.");
            }

            MoveOn();
        }

        return CursorStep.Fault;
    }

    private bool OpenSegment()
    {
        while (true)
        {
            var segment = Position.Segment;
            if (segment != 0 && segment != unreadable && SegmentFile.TryOpen(directory, segment, SegmentPart.Lines) is { } file)
            {
                return Enter(file);
            }

            if (readable.After(Position.Segment) is not { } next)
            {
                return false;
            }

            Position = Position with { Segment = next, Offset = 0, Sequence = segment == 0 ? 0 : Position.Sequence };
            sealKnown = false;
            if (segment != 0 && segment != unreadable)
            {
                Fail(JournalFaultKind.Missing, Position with { Segment = segment }, "The segment is not there.");
                return false;
            }
        }
    }

    private bool Enter(SegmentFile file)
    {
        reader = new LineReader(file, Position.Offset);
        if (Position.Offset == 0)
        {
            return true;
        }

        sealKnown = reader.TryReadSealBefore(Position.Offset, seal);
        if (!sealKnown)
        {
            Fail(JournalFaultKind.Missing, Position, "No line starts at this position.");
        }

        return sealKnown;
    }

    private CursorStep Take(ReadOnlyMemory<byte> text)
    {
        LineAt = Position;
        var expected = Position.Sequence;
        if (!JournalLine.TryParse(text.Span, out var line))
        {
            Advance(expected == 0 ? 0 : expected + 1);
            sealKnown = false;
            return Fail(JournalFaultKind.Malformed, LineAt, "The line is no line of a journal.");
        }

        LineAt = LineAt with { Sequence = line.Sequence };
        Advance(line.Sequence + 1);
        Kind = line.Kind;
        Behind = line.Behind;
        Data = text[line.DataStart..^JournalLine.SuffixBytes];
        var headerFault = CheckHeader();
        var isSealed = line.IsSealed(seal) || !sealKnown;
        sealKnown = JournalLine.TryReadSeal(line.SealHex, seal);
        if (!isSealed)
        {
            return Fail(JournalFaultKind.SealBroken, LineAt, "The seal does not follow from the line and the line before.");
        }

        if (headerFault is { } fault)
        {
            return Fail(fault.Kind, LineAt, fault.Detail);
        }

        if (Kind == LineKind.Unknown)
        {
            return Fail(JournalFaultKind.UnknownVersion, LineAt, "A line of a later version.");
        }

        return expected != 0 && expected != line.Sequence
            ? Fail(JournalFaultKind.SequenceGap, LineAt, string.Create(null, $"Line {expected} was expected."))
            : CursorStep.Line;
    }

    private (JournalFaultKind Kind, string Detail)? CheckHeader()
    {
        if (LineAt.Offset != 0)
        {
            return Kind == LineKind.Header ? (JournalFaultKind.HeaderMissing, "A header stands in the middle of a segment.") : null;
        }

        if (Kind != LineKind.Header)
        {
            return (JournalFaultKind.HeaderMissing, "The segment does not open with its header.");
        }

        try
        {
            Header = SegmentHeader.Read(Data, LineAt.Segment);
        }
        catch (NotSupportedException)
        {
            return (JournalFaultKind.UnknownVersion, "The segment was written by a later version.");
        }
        catch (Exception error) when (JournalDamage.Is(error))
        {
            return (JournalFaultKind.Undecodable, "The header cannot be read.");
        }

        var follows = !sealKnown || Header.PreviousSeal.AsSpan().SequenceEqual(seal);
        Header.PreviousSeal.CopyTo(seal, 0);
        sealKnown = true;
        if (Position.Journal != default && Header.Journal != Position.Journal)
        {
            return (JournalFaultKind.WrongJournal, $"The segment is of journal {Header.Journal}.");
        }

        return follows ? null : (JournalFaultKind.SealBroken, "The header does not follow from the segment before.");
    }

    private void PassUnreadable()
    {
        sealKnown = false;
        try
        {
            if (reader is not null && reader.TryPassDamage())
            {
                Advance(0);
                return;
            }
        }
        catch (Exception error) when (JournalDamage.OfFile(error))
        {
            Advance(0);
            Fail(JournalFaultKind.Unreadable, Position, error.Message);
            return;
        }

        reader?.Dispose();
        reader = null;
        unreadable = Position.Segment;
    }

    private void Advance(long sequence) => Position = Position with { Offset = reader!.Offset, Sequence = sequence };

    private void MoveOn()
    {
        reader?.Dispose();
        reader = null;
        Header = null;
        Position = Position with { Segment = Position.Segment + 1, Offset = 0 };
    }

    private CursorStep Fail(JournalFaultKind kind, JournalPosition at, string detail)
    {
        Fault = new JournalFault(kind, at, detail);
        return CursorStep.Fault;
    }
}
