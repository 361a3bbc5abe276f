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
    private readonly byte[] contentHash = new byte[JournalLine.SealBytes];
    private readonly byte[] seal = new byte[JournalLine.SealBytes];
    private bool sealKnown;
    private LineReader? reader;
    private bool isCompressed;
    private bool isInside;

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

    /// <summary>The data of the line; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    public ReadOnlySpan<byte> ContentHash => contentHash;

    /// <summary>The header of the segment that the cursor is in, once it has read it.</summary>
    public SegmentHeader? Header { get; private set; }

    /// <summary>The seal of the last line; all zeros when not known.</summary>
    public ReadOnlySpan<byte> Seal => seal;

    public JournalFault? Fault { get; private set; }

    /// <summary>Bytes behind the last whole line: a line that is being written, or a torn one.</summary>
    public int PartialBytes => reader?.PartialBytes ?? 0;

    public CursorStep Step()
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

            // A segment whose writer was killed has no last line; the next header's seal tells whether all of it is there.
            if (isCompressed && isInside && (reader.PartialBytes > 0 || (Kind != LineKind.End && NextSegment() is null)))
            {
                isCompressed = false;
                return Fail(JournalFaultKind.Torn, Position, "The compressed segment ends before its last line.");
            }

            var next = NextSegment();
            if (next is null)
            {
                return CursorStep.End;
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

            MoveTo(next.Value);
        }

        return CursorStep.Fault;
    }

    /// <summary>Goes on behind the fault. What follows is believed from the next seal on.</summary>
    public void SkipFault()
    {
        var kind = Fault?.Kind;
        Fault = null;
        if (kind is JournalFaultKind.Torn && NextSegment() is { } next)
        {
            sealKnown = false;
            MoveTo(next);
        }
    }

    public void Dispose() => reader?.Dispose();

    private bool OpenSegment()
    {
        var segment = Position.Segment;
        if (SegmentFile.TryOpen(directory, segment, out isCompressed) is not { } file)
        {
            var later = JournalDirectory.Segments(directory).Where(found => found > segment && IsBegun(found)).ToList();
            if (later.Count == 0)
            {
                return false;
            }

            Position = new JournalPosition(default, later[0], 0, segment == 0 ? 0 : Position.Sequence);
            if (segment != 0)
            {
                sealKnown = false;
                Fail(JournalFaultKind.SegmentMissing, new JournalPosition(default, segment, 0, Position.Sequence), "The segment is not there.");
                return false;
            }

            return OpenSegment();
        }

        isInside = Position.Offset == 0;
        reader = new LineReader(file, Position.Offset);
        return Position.Offset == 0 || ReadSealBefore(file);
    }

    private bool ReadSealBefore(FileStream file)
    {
        sealKnown = SegmentFile.TryReadSealBefore(file, Position.Offset, seal);
        if (!sealKnown)
        {
            Fail(JournalFaultKind.Malformed, Position, "No line starts at this position.");
        }

        return sealKnown;
    }

    private CursorStep Take(ReadOnlyMemory<byte> text)
    {
        isInside = true;
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
        Data = text.Slice(line.Prefix.Length, line.Data.Length);
        if (CheckHeader() is { } headerFault)
        {
            Adopt(line.SealHex);
            return Fail(headerFault.Kind, LineAt, headerFault.Detail);
        }

        var isSealed = line.IsSealed(seal, contentHash) || !sealKnown;
        Adopt(line.SealHex);
        if (!isSealed)
        {
            return Fail(JournalFaultKind.SealBroken, LineAt, "The seal does not follow from the line and the line before.");
        }

        return expected != 0 && expected != line.Sequence
            ? Fail(JournalFaultKind.SequenceGap, LineAt, string.Create(null, $"Line {expected} was expected."))
            : CursorStep.Line;
    }

    private (JournalFaultKind Kind, string Detail)? CheckHeader()
    {
        if (LineAt.Offset != 0)
        {
            return Kind == LineKind.Segment ? (JournalFaultKind.HeaderMissing, "A header stands in the middle of a segment.") : null;
        }

        if (Kind != LineKind.Segment)
        {
            return (JournalFaultKind.HeaderMissing, "The segment does not open with its header.");
        }

        try
        {
            Header = SegmentHeader.Read(Data);
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return (JournalFaultKind.Undecodable, "The header cannot be read.");
        }

        if (Header is null)
        {
            return (JournalFaultKind.UnknownVersion, "The segment was written by a later version.");
        }

        var follows = !sealKnown || Header.PreviousSeal.AsSpan().SequenceEqual(seal);
        Header.PreviousSeal.CopyTo(seal, 0);
        sealKnown = true;
        return follows ? null : (JournalFaultKind.SealBroken, "The header does not follow from the segment before.");
    }

    private void Adopt(ReadOnlySpan<byte> hex) => sealKnown = JournalLine.TryReadSeal(hex, seal);

    private void Advance(long sequence) => Position = new JournalPosition(default, Position.Segment, reader!.Offset, sequence);

    private void MoveTo(long segment)
    {
        reader?.Dispose();
        reader = null;
        Header = null;
        Position = new JournalPosition(default, Position.Segment + 1, 0, Position.Sequence);
        if (segment == Position.Segment)
        {
            return;
        }

        // OpenSegment reports the one that is missing and goes on behind it.
        sealKnown = false;
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

    /// <summary>Until something in it is durable, the writer may take a segment back and write another in its place.</summary>
    private bool IsBegun(long segment) => writtenTo is null || new JournalPosition(default, segment, 0, 0).IsBefore(writtenTo());

    private long? NextSegment()
    {
        if (writtenTo is not null && writtenTo().Segment <= Position.Segment)
        {
            return null;
        }

        foreach (var segment in JournalDirectory.Segments(directory))
        {
            if (segment > Position.Segment)
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
