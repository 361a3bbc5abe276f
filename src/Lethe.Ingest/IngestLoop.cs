using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest;

/// <summary>
/// From the journal into the store: one worker reads, interprets and commits. The position moves in the same transaction, so a crash neither
/// loses nor repeats. A store that refuses is tried again; an exchange that cannot be stored is put aside; damage in the journal is reported and passed.
/// </summary>
public sealed class IngestLoop
{
    /// <summary>The names under which the positions are kept.</summary>
    public const string Consumer = "ingest";

    private readonly JournalConsumer journal;
    private readonly ISessionStore store;
    private readonly Func<CapturedExchange, InterpretedExchange> interpret;
    private readonly IngestSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private BackgroundPace? pace;

    // Read from the journal and not in the store: all that a stop in the middle leaves. The journal is not read on before it is taken.
    private List<ExchangeDelivery> untaken = [];

    /// <param name="journal">Reads from <see cref="StartOf"/>, behind a live writer when it is to be followed; stays the caller's.</param>
    public IngestLoop(
        JournalConsumer journal,
        ISessionStore store,
        Func<CapturedExchange, InterpretedExchange> interpret,
        IngestSettings settings,
        TimeProvider time,
        ILogger logger)
    {
        this.journal = journal;
        this.store = store;
        this.interpret = interpret;
        this.settings = settings;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Told after each commit, on the worker.</summary>
    public event Action<CommittedBatch>? Committed;

    /// <summary>Nothing before this is needed from the journal any more; grows with each commit.</summary>
    public event Action<JournalPosition>? Consumed;

    /// <summary>Where a store's consumer has to start reading: its cursor, or the journal's beginning.</summary>
    public static JournalPosition StartOf(ISessionStore store, Guid journal) => store.Cursor(Consumer, journal) ?? default;

    /// <summary>Follows the journal until cancelled, on a thread of its own that takes what the calls leave. What is left then is taken up at the next start.</summary>
    public Task RunAsync(CancellationToken stopping) => OwnThread.Start(() => Run(stopping));

    /// <summary>Takes in all that is in the journal now; how many exchanges were read. Not while <see cref="RunAsync"/> runs.</summary>
    public Task<long> CatchUpAsync(CancellationToken stopping = default) => Task.Run(() => CatchUp(stopping), CancellationToken.None);

    private void Run(CancellationToken stopping)
    {
        pace = new BackgroundPace();
        try
        {
            while (true)
            {
                CatchUp(stopping);
                OwnThread.Wait(journal.WaitForMoreAsync(stopping));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Log.IngestStopped(logger, journal.Position);
        }
        finally
        {
            pace = null;
        }
    }

    private long CatchUp(CancellationToken stopping)
    {
        long total = Commit(stopping);
        foreach (var (exchanges, fault) in journal.ToEnd(settings.BatchCountMax, settings.BatchBytesMax, stopping))
        {
            untaken = exchanges.ConvertAll(journaled => Interpret(journaled, stopping));
            total += Commit(stopping);
            if (fault is not null)
            {
                Log.JournalDamaged(logger, fault.Kind, fault.At, fault.Detail);
            }
        }

        return total;
    }

    private int Commit(CancellationToken stopping)
    {
        if (untaken is not { Count: > 0 and var count } deliveries)
        {
            return 0;
        }

        var results = CommitUntilTaken(deliveries, stopping);
        untaken = [];
        for (var i = 0; i < count; i++)
        {
            Report(deliveries[i], results[i]);
        }

        Consumed?.Invoke(journal.LowWater);
        Committed?.Invoke(new CommittedBatch(deliveries, results));
        return count;
    }

    private IReadOnlyList<DeliveryResult> CommitUntilTaken(List<ExchangeDelivery> deliveries, CancellationToken stopping)
    {
        for (var pause = settings.RetryPause; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, settings.RetryPauseMax.Ticks)))
        {
            try
            {
                var began = time.GetTimestamp();
                var results = store.Commit(deliveries, new CommitOptions { Consumer = Consumer, Position = journal.LowWater });
                IngestMeter.Committed(deliveries.Count, time.GetElapsedTime(began));
                return results;
            }
            catch (StoreUnavailableException refused)
            {
                Log.StoreRefused(logger, pause.TotalMilliseconds, refused);
            }

            OwnThread.Pause(pause, time, stopping);
        }
    }

    private ExchangeDelivery Interpret(JournaledExchange journaled, CancellationToken stopping)
    {
        pace?.GiveWay(stopping);
        var began = time.GetTimestamp();
        var delivery = ExchangeDelivery.Of(journaled, interpret, out var bug);
        IngestMeter.Decoded(delivery.Told, time.GetElapsedTime(began));
        if (bug is not null)
        {
            Log.InterpreterFailed(logger, journaled.Exchange.Id, bug);
        }

        return delivery;
    }

    private void Report(ExchangeDelivery delivery, DeliveryResult result)
    {
        IngestMeter.Delivered(result);
        if (result.Verdict is DeliveryVerdict.Conflict or DeliveryVerdict.Rejected)
        {
            Log.DeadLetter(logger, delivery.Told.Exchange.Id, result.Code!);
        }
    }
}
