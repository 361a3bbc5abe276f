using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads single lines again by their positions; their seals were checked when they were walked over. Keeps the last segment open.</summary>
internal sealed class LineFetcher(string directory) : IDisposable
{
    private FileStream? file;
    private long segment;

    /// <summary>The exchange, or the piece of one, at a position. Throws <see cref="FormatException"/> when there is none.</summary>
    public CapturedExchange Read(JournalPosition at) => Read(at, out _);

    public CapturedExchange Read(JournalPosition at, out LineKind kind)
    {
        if (file is null || segment != at.Segment)
        {
            file?.Dispose();
            file = SegmentFile.TryOpen(directory, at.Segment, out _) ?? throw new FormatException("A segment that was read before is gone.");
            segment = at.Segment;
        }

        using var reader = new LineReader(file, at.Offset, ownsFile: false);
        if (!reader.TryRead(long.MaxValue, out var text) || !JournalLine.TryParse(text.Span, out var line))
        {
            throw new FormatException("No line stands where one was read before.");
        }

        kind = line.Kind;
        return ExchangeReader.Read(line.Data);
    }

    public void Dispose() => file?.Dispose();
}
