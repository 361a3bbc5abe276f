using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>How far a reader is behind the durable end.</summary>
/// <param name="Records">Lines.</param>
/// <param name="Bytes">Bytes of lines and bodies.</param>
/// <param name="Age">How long ago what it reads next was said, about; zero when it has read everything.</param>
public readonly record struct JournalLag(long Records, long Bytes, TimeSpan Age);

/// <summary>
/// Reads complete exchanges in the order of their lines, beside a live writer or alone; each line tells everything, so the position is all that there is to
/// keep. It stops at a fault, which it never skips by itself. Not thread-safe, but for <see cref="Lag"/>.
/// </summary>
public sealed class JournalConsumer : IDisposable
{
    private readonly List<ErasedCall> erased = [];
    private readonly string directory;
    private readonly Journal? journal;
    private readonly JournalCursor cursor;
    private readonly PieceReader pieces;
    private readonly GrowingBodies bodies = new();
    private readonly Lock gate = new();
    private JournalFault? ownFault;
    private JournalPosition lookedTo;
    private JournalPosition told;
    private (long Segment, long End) bodiesRead;
    private DateTimeOffset readAt;

    /// <summary>Reads a journal that nobody writes, or that another process writes.</summary>
    public JournalConsumer(string directory, JournalPosition from)
        : this(directory, from, null)
    {
    }

    /// <summary>Reads behind a live writer, only what is durable.</summary>
    public JournalConsumer(Journal journal, JournalPosition from)
        : this(journal.Directory, from, journal)
    {
    }

    private JournalConsumer(string directory, JournalPosition from, Journal? journal)
    {
        JournalDirectory.RefuseFirstEdition(directory);
        this.directory = directory;
        this.journal = journal;
        var id = journal?.Id ?? JournalIdentity.Of(directory);
        if (from != default && from.Journal != id)
        {
            StartedAnewFrom = from;
            from = default;
        }
        else if (journal is not null && journal.DurableEnd.IsBefore(from))
        {
            ownFault = new JournalFault(JournalFaultKind.Missing, from, $"The journal ends at {journal.DurableEnd}; reading begins anew.");
            from = default;
        }

        cursor = new JournalCursor(directory, new JournalPosition(id, from.Segment, from.Offset, from.Sequence), journal is null ? null : () => journal.DurableEnd);
        pieces = new PieceReader(directory);
        told = cursor.Position;
        readAt = journal?.Time.GetUtcNow() ?? default;
    }

    /// <summary>The place in another journal that reading was to start at, where this one is read from its beginning instead; null when it started as it was told.</summary>
    public JournalPosition? StartedAnewFrom { get; }

    /// <summary>Where the next line starts, or the fault that stands in the way; reading again from here misses nothing and repeats nothing.</summary>
    public JournalPosition Position => Fault?.At ?? cursor.Position;

    /// <summary>What stopped the reading; null while nothing has.</summary>
    public JournalFault? Fault => ownFault ?? cursor.Fault;

    /// <summary>True when the last reading came to the end of what was there, and not to one of its limits.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Exchanges that were passed because what they said was erased.</summary>
    public IReadOnlyList<ErasedCall> Erased => erased;

    /// <summary>Adds exchanges until one of the limits is met or nothing more is there, and tells how many. A batch holds at least one, whatever its size.</summary>
    /// <param name="bytesMax">Body bytes that are read, both directions.</param>
    public int ReadBatch(List<JournaledExchange> into, int countMax, long bytesMax)
    {
        // Asked before the reading: what becomes durable meanwhile is looked at once more, and never missed.
        var durableEnd = journal?.DurableEnd ?? default;
        var count = 0;
        long bytes = 0;
        IsAtEnd = false;
        while (count < countMax && (count == 0 || bytes < bytesMax) && Fault is null)
        {
            var step = cursor.Step();
            if (step != CursorStep.Line)
            {
                IsAtEnd = step == CursorStep.End;
                lookedTo = IsAtEnd ? durableEnd : lookedTo;
                break;
            }

            if (TakeLine() is { } exchange)
            {
                into.Add(exchange);
                bytes += ReadBytes(exchange.Exchange.Request) + exchange.Exchange.Response.KeptBytes;
                count++;
            }
        }

        Tell();
        return count;
    }

    /// <summary>Goes on behind a fault that has been reported. One of a later version must not be passed by who stores what he reads.</summary>
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

    /// <summary>How far this reader is behind the durable end; nothing without a live writer. Any thread may ask.</summary>
    public JournalLag Lag()
    {
        if (journal is null)
        {
            return default;
        }

        JournalPosition position;
        long bodies;
        DateTimeOffset since;
        lock (gate)
        {
            (position, since) = (told, readAt);
            bodies = bodiesRead.Segment == position.Segment ? bodiesRead.End : 0;
        }

        var (end, bodiesEnd) = journal.DurableEnds();
        if (!position.IsBefore(end))
        {
            return default;
        }

        var bytes = end.Offset + bodiesEnd - position.Offset - bodies;
        for (var segment = Math.Max(1, position.Segment); segment < end.Segment; segment++)
        {
            bytes += JournalDirectory.BytesOf(directory, segment);
        }

        var age = journal.Time.GetUtcNow() - since;
        return new JournalLag(end.Sequence - Math.Max(1, position.Sequence), Math.Max(0, bytes), age > TimeSpan.Zero ? age : TimeSpan.Zero);
    }

    public void Dispose()
    {
        cursor.Dispose();
        pieces.Dispose();
    }

    private JournaledExchange? TakeLine()
    {
        if (cursor.Kind != LineKind.Exchange)
        {
            return null;
        }

        try
        {
            var call = CallText.Read(cursor.Data.Span, cursor.LineAt.Segment);
            // Only beside the writer is it sure that what is read is durable, and that none of it is taken back and written anew.
            var exchange = journal is null ? pieces.Read(call) : pieces.ReadGrown(call, bodies);
            NoteRead(call);
            if (exchange is null)
            {
                erased.Add(new ErasedCall(call.Id, call.OrgId));
                return null;
            }

            return new JournaledExchange(exchange, cursor.LineAt);
        }
        catch (NotSupportedException error)
        {
            ownFault = new JournalFault(JournalFaultKind.UnknownVersion, cursor.LineAt, error.Message);
        }
        catch (Exception error) when (JournalDamage.Is(error))
        {
            ownFault = new JournalFault(JournalFaultKind.Undecodable, cursor.LineAt, error.Message);
        }

        return null;
    }

    private static int ReadBytes(CapturedBody body) => body.KeptBytes - (body.Grown?.From.RepeatedBytes ?? 0);

    private void NoteRead(JournaledCall call)
    {
        lock (gate)
        {
            readAt = call.CapturedAt + (call.Duration ?? TimeSpan.Zero);
            bodiesRead = (cursor.LineAt.Segment, call.Wrote?.End ?? bodiesRead.End);
        }
    }

    /// <summary>What <see cref="Lag"/> tells from here on.</summary>
    private void Tell()
    {
        if (journal is null)
        {
            return;
        }

        lock (gate)
        {
            told = cursor.Position;
            if (!told.IsBefore(journal.DurableEnd))
            {
                readAt = journal.Time.GetUtcNow();
            }
        }
    }
}
