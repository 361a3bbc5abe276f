using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads single lines again by their positions; their seals were checked when they were walked over. Keeps the last segment open. Not thread-safe.</summary>
/// <param name="completes">False leaves out what a request repeats of another: for who needs no bodies, and must not fail for want of them.</param>
internal sealed class LineFetcher(string directory, bool completes = true) : IDisposable
{
    private EarlierRequests? earlier;
    private FileStream? file;
    private long segment;

    /// <summary>The exchange, or the piece of one, at a position. Throws <see cref="FormatException"/> when there is none.</summary>
    public CapturedExchange Read(JournalPosition at) => Read(at, out _);

    /// <inheritdoc cref="Read(JournalPosition)"/>
    public CapturedExchange Read(JournalPosition at, out LineKind kind)
    {
        using var reader = Open(at);
        var line = LineAt(at, reader);
        kind = line.Kind;
        return ExchangeReader.Read(line.Data, EarlierIn(at.Segment));
    }

    /// <summary>Where lines of a segment find the requests that they repeat.</summary>
    public EarlierRequests EarlierIn(long segment)
    {
        if (earlier?.Segment != segment)
        {
            // What is repeated stands in full: one more line is all that ever has to be read.
            earlier = new EarlierRequests(segment, completes ? ReadRepeated : _ => null);
        }

        return earlier;
    }

    public void Dispose() => file?.Dispose();

    /// <summary>Many lines hang on this one, which may stand where no reader has been: its seal is checked.</summary>
    private ReadOnlyMemory<byte>? ReadRepeated(JournalPosition at)
    {
        using var reader = Open(at);
        var line = LineAt(at, reader);
        if (line.Sequence != at.Sequence || !IsSealed(line, at))
        {
            throw new FormatException($"The request at {at}, which this one repeats, is damaged.");
        }

        return ExchangeReader.Read(line.Data).Request.Bytes;
    }

    private bool IsSealed(in JournalLine line, JournalPosition at)
    {
        Span<byte> previous = stackalloc byte[JournalLine.SealBytes];
        Span<byte> contentHash = stackalloc byte[JournalLine.SealBytes];
        return SegmentFile.TryReadSealBefore(file!, at.Offset, previous) && line.IsSealed(previous, contentHash);
    }

    private static JournalLine LineAt(JournalPosition at, LineReader reader) =>
        reader.TryRead(long.MaxValue, out var text) && JournalLine.TryParse(text.Span, out var line)
            ? line
            : throw new FormatException($"No line stands at {at}.");

    private LineReader Open(JournalPosition at)
    {
        if (file is null || segment != at.Segment)
        {
            file?.Dispose();
            file = SegmentFile.TryOpen(directory, at.Segment, out _) ?? throw new FormatException("A segment that was read before is gone.");
            segment = at.Segment;
        }

        return new LineReader(file, at.Offset, ownsFile: false);
    }
}
