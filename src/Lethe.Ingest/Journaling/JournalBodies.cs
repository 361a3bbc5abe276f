using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>What became of what was said.</summary>
public enum BodyState
{
    /// <summary>It is here.</summary>
    Kept,

    /// <summary>It was erased: there are only zeros.</summary>
    Erased,

    /// <summary>Its segment has left, or it is of another journal.</summary>
    Gone,

    /// <summary>It cannot be read any more.</summary>
    Damaged,
}

/// <summary>Finds exchanges, with their bodies, again by the position that their rows keep. Not thread-safe.</summary>
public sealed class JournalBodies(string directory) : IDisposable
{
    private readonly Guid journal = JournalIdentity.Of(directory);
    private readonly PieceReader pieces = new(directory);
    private SegmentFile? lines;
    private long linesOf;

    /// <summary>The exchange whose line stands at a position; null when it is not there any more, or damaged.</summary>
    public CapturedExchange? TryRead(JournalPosition at) => TryRead(at, out _);

    /// <inheritdoc cref="TryRead(JournalPosition)"/>
    public CapturedExchange? TryRead(JournalPosition at, out BodyState state) => TryRead(at, withBodies: true, out state);

    /// <summary>The exchange without its bodies. Null as in <see cref="TryRead(JournalPosition)"/>.</summary>
    public CapturedExchange? TryReadHead(JournalPosition at) => TryRead(at, withBodies: false, out _);

    /// <summary>What became of what an exchange said, by what its line tells.</summary>
    public BodyState StateOf(JournalPosition at)
    {
        TryRead(at, withBodies: false, out var state);
        return state;
    }

    public void Dispose()
    {
        lines?.Dispose();
        pieces.Dispose();
    }

    private CapturedExchange? TryRead(JournalPosition at, bool withBodies, out BodyState state)
    {
        try
        {
            if ((at.Journal != default && at.Journal != journal) || CallAt(at) is not { } call)
            {
                state = BodyState.Gone;
                return null;
            }

            var exchange = pieces.Read(call, withBodies);
            state = exchange is null ? BodyState.Erased : BodyState.Kept;
            return exchange;
        }
        catch (Exception error) when (JournalDamage.Is(error) || error is NotSupportedException)
        {
            state = BodyState.Damaged;
            return null;
        }
    }

    /// <summary>Null when the segment is not there.</summary>
    private JournaledCall? CallAt(JournalPosition at)
    {
        if (lines is null || linesOf != at.Segment)
        {
            lines?.Dispose();
            lines = SegmentFile.TryOpen(directory, at.Segment, SegmentPart.Lines);
            linesOf = at.Segment;
        }

        if (lines is null)
        {
            return null;
        }

        using var reader = new LineReader(lines, at.Offset, ownsFile: false);
        return reader.TryRead(long.MaxValue, out var text) && JournalLine.TryParse(text.Span, out var line) && line.Kind == LineKind.Exchange
            && (at.Sequence == 0 || line.Sequence == at.Sequence)
            ? CallText.Read(text.Span[line.DataStart..^JournalLine.SuffixBytes], at.Segment)
            : throw new FormatException($"No exchange stands at {at}.");
    }
}
