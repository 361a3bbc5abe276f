using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Reads complete exchanges in the order of their closing lines, beside a live writer or alone. It stops at a fault, which it never skips by itself.
/// Not thread-safe.
/// </summary>
public sealed class JournalConsumer : IDisposable
{
    private readonly string directory;
    private readonly Journal? journal;
    private readonly JournalCursor cursor;
    private readonly LineFetcher pieces;
    private readonly Dictionary<ExchangeId, OpenExchange> open = [];
    private JournalFault? ownFault;
    private JournalPosition lookedTo;

    /// <summary>Reads a journal that nobody writes, or that another process writes.</summary>
    public JournalConsumer(string directory, JournalPosition from)
        : this(directory, from, null)
    {
    }

    /// <summary>Reads behind a live writer, only what is durable.</summary>
    /// <param name="readTo">How far it was read before; a journal that ends before that is another one.</param>
    public JournalConsumer(Journal journal, JournalPosition from, JournalPosition readTo = default)
        : this(journal.Directory, from, journal, readTo)
    {
    }

    private JournalConsumer(string directory, JournalPosition from, Journal? journal, JournalPosition readTo = default)
    {
        this.directory = directory;
        this.journal = journal;
        var known = from.IsBefore(readTo) ? readTo : from;
        if (journal is not null && journal.DurableEnd.IsBefore(known))
        {
            // The store has read further than this journal goes: it is another one, or its end was lost. All of it may be new.
            ownFault = new JournalFault(JournalFaultKind.SegmentMissing, known, $"The journal ends at {journal.DurableEnd}; reading begins anew.");
            from = default;
        }

        cursor = new JournalCursor(directory, from, journal is null ? null : () => journal.DurableEnd);
        pieces = new LineFetcher(directory);
    }

    /// <summary>Where the next line starts.</summary>
    public JournalPosition Position => cursor.Position;

    /// <summary>Where to start again: no line before it is needed. Exchanges read again from here are replays.</summary>
    public JournalPosition LowWater
    {
        get
        {
            var lowest = cursor.Position;
            foreach (var exchange in open.Values)
            {
                lowest = exchange.OpenedAt.IsBefore(lowest) ? exchange.OpenedAt : lowest;
            }

            return lowest;
        }
    }

    /// <summary>What stopped the reading; null while nothing has.</summary>
    public JournalFault? Fault => ownFault ?? cursor.Fault;

    /// <summary>Exchanges that were opened and not closed, as far as the journal was read.</summary>
    internal IReadOnlyDictionary<ExchangeId, OpenExchange> Open => open;

    internal JournalCursor Cursor => cursor;

    /// <summary>Adds complete exchanges until one of the limits is met or nothing more is there, and tells how many. A batch holds at least one, whatever its size.</summary>
    /// <param name="bytesMax">Kept body bytes, both directions.</param>
    public int ReadBatch(List<JournaledExchange> into, int countMax, long bytesMax)
    {
        // Asked before the reading: what becomes durable meanwhile is looked at once more, and never missed.
        var durableEnd = journal?.DurableEnd ?? default;
        var count = 0;
        long bytes = 0;
        while (count < countMax && (count == 0 || bytes < bytesMax) && Fault is null)
        {
            var step = cursor.Step();
            if (step != CursorStep.Line)
            {
                lookedTo = step == CursorStep.End ? durableEnd : lookedTo;
                break;
            }

            if (TakeLine() is { } exchange)
            {
                into.Add(exchange);
                bytes += exchange.Exchange.Request.Bytes.Length + exchange.Exchange.Response.Bytes.Length;
                count++;
            }
        }

        RecordLag();
        return count;
    }

    /// <summary>Goes on behind a fault that has been reported.</summary>
    public void SkipFault()
    {
        if (ownFault is not null)
        {
            ownFault = null;
        }
        else
        {
            cursor.SkipFault();
        }
    }

    /// <summary>Completes when something has become durable that was not yet so when a reading last came to the end.</summary>
    /// <exception cref="InvalidOperationException">There is no live writer, so nobody would tell.</exception>
    public Task WaitForMoreAsync(CancellationToken cancellation) =>
        journal?.WaitForDurableAsync(lookedTo, cancellation) ?? throw new InvalidOperationException("A journal without a live writer cannot be waited for.");

    /// <summary>How far this reader is behind the durable end, in lines and in bytes; zero without a live writer.</summary>
    public (long Records, long Bytes) Lag()
    {
        if (journal is null)
        {
            return (0, 0);
        }

        var end = journal.DurableEnd;
        var bytes = end.Offset - Position.Offset;
        for (var segment = Math.Max(1, Position.Segment); segment < end.Segment; segment++)
        {
            var file = new FileInfo(JournalDirectory.PlainPath(directory, segment));
            bytes += file.Exists ? file.Length : 0;
        }

        return (Math.Max(0, end.Sequence - Math.Max(1, Position.Sequence)), Math.Max(0, bytes));
    }

    public void Dispose()
    {
        cursor.Dispose();
        pieces.Dispose();
    }

    private JournaledExchange? TakeLine()
    {
        try
        {
            switch (cursor.Kind)
            {
                case LineKind.Exchange:
                    return Journaled(ReadLine(), cursor.LineAt);
                case LineKind.Open:
                    open[ExchangeReader.ReadId(cursor.Data.Span)] = new OpenExchange(cursor.LineAt);
                    return null;
                case LineKind.Part or LineKind.Close:
                    return TakePiece(ExchangeReader.ReadId(cursor.Data.Span));
                default:
                    return null;
            }
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException)
        {
            ownFault = new JournalFault(JournalFaultKind.Undecodable, cursor.LineAt, error.Message);
            return null;
        }
    }

    private JournaledExchange? TakePiece(ExchangeId id)
    {
        if (!open.TryGetValue(id, out var begun))
        {
            ownFault = new JournalFault(JournalFaultKind.Orphan, cursor.LineAt, $"Exchange {id} was never opened.");
            return null;
        }

        if (cursor.Kind == LineKind.Part)
        {
            begun.Add(cursor.LineAt);
            return null;
        }

        open.Remove(id);
        var whole = begun.Assemble(pieces, ReadLine());
        return Journaled(whole, begun.OpenedAt) with { ClosedAt = cursor.LineAt };
    }

    private static JournaledExchange Journaled(CapturedExchange exchange, JournalPosition at) => new(exchange, ContentHash.Of(exchange), at);

    private CapturedExchange ReadLine() => ExchangeReader.Read(cursor.Data.Span, pieces.EarlierIn(cursor.LineAt.Segment));

    private void RecordLag()
    {
        if (journal is not null && IngestMeter.JournalLagRecords.Enabled)
        {
            var (records, bytes) = Lag();
            IngestMeter.JournalLagRecords.Record(records);
            IngestMeter.JournalLagBytes.Record(bytes);
        }
    }
}
