using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Reads single lines again by their positions; their seals were checked when they were walked over. Keeps the last segment open.</summary>
internal sealed class LineFetcher(string directory) : IDisposable
{
    private FileStream? file;
    private long segment;

    /// <summary>The exchange, or the piece of one, at a position. Throws <see cref="FormatException"/> when there is none.</summary>
    public CapturedExchange Read(JournalPosition at)
    {
        if (file is null || segment != at.Segment)
        {
            file?.Dispose();
            file = SegmentFile.TryOpen(directory, at.Segment) ?? throw new FormatException("A segment that was read before is gone.");
            segment = at.Segment;
        }

        using var reader = new LineReader(file, at.Offset, ownsFile: false);
        return reader.TryRead(long.MaxValue, out var text) && JournalLine.TryParse(text.Span, out var line)
            ? ExchangeReader.Read(line.Data)
            : throw new FormatException("No line stands where one was read before.");
    }

    public void Dispose() => file?.Dispose();
}
