using System.Text.Json;

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
    private readonly Func<JournalPosition>? writtenTo;
    private readonly byte[] seal = new byte[JournalLine.SealBytes];
    private bool sealKnown;
    private LineReader? reader;
    private long unreadable;

    /// <param name="from">Its journal counts as this one's: who asks has compared.</param>
    /// <param name="writtenTo">How far the journal is durable, when its writer is known; else the files' ends count.</param>
    public JournalCursor(string directory, JournalPosition from, Func<JournalPosition>? writtenTo = null)
    {
        this.directory = directory;
        this.writtenTo = writtenTo;
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

    /// <summary>The header of a segment, without any check of its seal; null when there is none that can be read.</summary>
    public static SegmentHeader? TryReadHeader(string directory, long segment)
    {
        try
        {
            using var file = SegmentFile.TryOpen(directory, segment, SegmentPart.Lines);
            using var lines = file is null ? null : new LineReader(file, 0);
            return lines is not null && lines.TryRead(long.MaxValue, out var text) && JournalLine.TryParse(text.Span, out var line) && line.Kind == LineKind.Header
                ? SegmentHeader.Read(text[line.DataStart..^JournalLine.SuffixBytes], segment)
                : null;
        }
        catch (Exception error) when (IsDamage(error) || error is NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>What reading damaged data throws.</summary>
    public static bool IsDamage(Exception error) =>
        error is FormatException or JsonException or InvalidOperationException or KeyNotFoundException or InvalidDataException or OverflowException
        || (error is IOException && !IsScarcity(error));

    public CursorStep Step()
    {
        try
        {
            return Walk();
        }
        catch (Exception error) when (error is InvalidDataException or IOException && !IsScarcity(error))
        {
            return Fail(JournalFaultKind.Unreadable, Position, error.Message);
        }
    }

    /// <summary>The process or the machine is short of something: it says nothing of the file, which is to be read again. The numbers are Linux's (errno(3)).</summary>
    private static bool IsScarcity(Exception error)
    {
        const int Interrupted = 4, TryAgain = 11, NoMemory = 12, NoFilesOfTheSystem = 23, NoFilesOfTheProcess = 24;
        return error.HResult is Interrupted or TryAgain or NoMemory or NoFilesOfTheSystem or NoFilesOfTheProcess;
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

            if (reader!.TryRead(ReadableTo(), out var line))
            {
                return Take(line);
            }

            if (NextSegment() is null)
            {
                return reader.IsSealed && reader.PartialBytes > 0 ? Fail(JournalFaultKind.Torn, Position, "The sealed segment ends inside a line.") : CursorStep.End;
            }

            // The writer may have added lines between the look at the file and the look at the directory.
            if (reader.TryRead(ReadableTo(), out line))
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

            if (NextSegment() is not { } next)
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
        catch (Exception error) when (IsDamage(error))
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
        catch (Exception error) when (error is InvalidDataException or IOException && !IsScarcity(error))
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

    private long ReadableTo()
    {
        if (writtenTo is null)
        {
            return long.MaxValue;
        }

        var end = writtenTo();
        return end.Segment == Position.Segment ? end.Offset : end.Segment > Position.Segment ? long.MaxValue : 0;
    }

    /// <summary>The next segment that is there. Until something in one is durable, the writer may take it back and write another in its place.</summary>
    private long? NextSegment()
    {
        var end = writtenTo?.Invoke() ?? new JournalPosition(default, long.MaxValue, long.MaxValue, 0);
        foreach (var segment in JournalDirectory.Segments(directory))
        {
            if (segment > Position.Segment && (segment < end.Segment || (segment == end.Segment && end.Offset > 0)))
            {
                return segment;
            }
        }

        return null;
    }

    private CursorStep Fail(JournalFaultKind kind, JournalPosition at, string detail)
    {
        Fault = new JournalFault(kind, at, detail);
        return CursorStep.Fault;
    }
}
