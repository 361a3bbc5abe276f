using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Ingesting;

/// <summary>
/// The journal as the loop takes it in: the batch that is to be committed and, while it is, the next one, read and interpreted beside it. What was read
/// stays right whatever becomes of the commit, for neither the journal nor a meaning depends on the store. Of one thread, but for <see cref="Lag"/>.
/// </summary>
/// <param name="readFrom">Opens the journal at a place.</param>
internal sealed class BatchReading(Func<JournalPosition, JournalConsumer> readFrom, Interpretation interpretation, IngestSettings settings, ILogger logger)
{
    private volatile JournalConsumer? journal;
    private volatile IngestBatch? current;
    private volatile Ahead? ahead;

    // What is being read, until it is a batch.
    private volatile List<JournaledExchange>? underway;

    public bool IsOpen => journal is not null;

    /// <summary>What was read first and is not committed; null when all is.</summary>
    public IngestBatch? Current => current;

    /// <summary>How far it is behind the journal's durable end; what was read and is not committed is behind too.</summary>
    public JournalLag Lag()
    {
        // In the order in which it moves on: what does so meanwhile is counted twice, and not passed over.
        var lag = journal?.Lag() ?? default;
        var read = underway?.Count ?? 0;
        read += ahead?.Batch?.Exchanges.Count ?? 0;
        read += current?.Exchanges.Count ?? 0;
        return lag with { Records = lag.Records + read };
    }

    public JournalConsumer Open(JournalPosition from) => journal = readFrom(from);

    /// <summary>False at the journal's end. A batch that was not committed is not read again.</summary>
    /// <param name="behind">Where what is committed ends.</param>
    public bool TryRead(JournalPosition behind, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (current is null && ahead is { } next)
        {
            Take(next);
        }

        if (current is null)
        {
            try
            {
                current = Read(behind);
                underway = null;
            }
            catch
            {
                // It may have moved over exchanges that nobody got.
                LetGo();
                throw;
            }
        }

        return current is not null;
    }

    /// <summary>The current batch ends in what has to be taken in now, whatever else there is to do.</summary>
    public bool IsLate => current is { Exchanges: [.., var last] } && interpretation.IsLate(last.Exchange);

    /// <summary>What the current batch means.</summary>
    /// <param name="pace">Null where nothing gives way.</param>
    public IReadOnlyList<ExchangeDelivery> Interpret(BackgroundPace? pace, CancellationToken stop) =>
        current!.Deliveries ??= interpretation.Of(current, pace, stop);

    /// <summary>
    /// Begins to read and interpret the batch behind the current one, on a thread of its own and giving way to nobody. Where no more was there, what comes during
    /// the commit is left to be one batch.
    /// </summary>
    public void GoAhead(CancellationToken stop)
    {
        var before = current!;
        if (ahead is not null || !before.GoesOn || before.IsOfLaterVersion)
        {
            return;
        }

        var next = new Ahead();
        ahead = next;
        next.Done = OwnThread.Start(() =>
        {
            if (Read(before.End) is { } batch)
            {
                next.Batch = batch;
                underway = null;
                try
                {
                    batch.Deliveries = interpretation.Of(batch, null, stop);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    batch.Failures++;
                    throw;
                }
            }
        });
    }

    /// <summary>The current batch is the store's.</summary>
    public void Committed() => current = null;

    public Task WaitForMoreAsync(CancellationToken cancellation) => journal!.WaitForMoreAsync(cancellation);

    /// <summary>Forgets what was read, and closes the journal.</summary>
    public void LetGo()
    {
        if (ahead is { } next)
        {
            // Nobody asks any more what became of it.
            OwnThread.Wait(next.Done.ContinueWith(static done => done.Exception, TaskScheduler.Default));
            ahead = null;
        }

        current = null;
        underway = null;
        var before = journal;
        journal = null;
        before?.Dispose();
    }

    private void Take(Ahead next)
    {
        try
        {
            OwnThread.Wait(next.Done);
        }
        catch when (next.Batch is null)
        {
            // As in a reading of its own.
            LetGo();
            throw;
        }
        finally
        {
            current = next.Batch;
            ahead = null;
        }
    }

    /// <summary>Null at the journal's end.</summary>
    private IngestBatch? Read(JournalPosition behind)
    {
        var exchanges = new List<JournaledExchange>();
        underway = exchanges;
        journal!.ReadBatch(exchanges, settings.BatchCountMax, settings.BatchBytesMax);
        var fault = journal.Fault;
        var batch = new IngestBatch(exchanges, fault, journal.Position) { GoesOn = !journal.IsAtEnd };
        if (fault is not null && !batch.IsOfLaterVersion)
        {
            JournalLog.JournalDamaged(logger, fault.Kind, fault.At, fault.Detail);
            journal.SkipFault();
            batch = batch with { End = journal.Position };
        }

        // A segment that held no exchange is passed too: only what every consumer has passed may leave.
        return exchanges.Count > 0 || fault is not null || batch.End.Segment != behind.Segment ? batch : null;
    }

    /// <summary>A batch on its way.</summary>
    private sealed class Ahead
    {
        private volatile IngestBatch? batch;

        public Task Done { get; set; } = Task.CompletedTask;

        /// <summary>As soon as it is read, whether or not its meaning is known; null at the journal's end.</summary>
        public IngestBatch? Batch
        {
            get => batch;
            set => batch = value;
        }
    }
}
