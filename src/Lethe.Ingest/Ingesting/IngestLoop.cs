using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Ingesting;

/// <summary>
/// From the journal into the store, for as long as the process lives: read, interpret, commit. The position moves in the same transaction, so a crash
/// neither loses nor repeats. Whatever fails is tried again, from what was committed last; what cannot be read or stored is put aside by its place.
/// </summary>
/// <param name="readFrom">Opens the journal at a place, behind a live writer when it is to be followed.</param>
/// <param name="openStore">Opens the store; called again after it failed.</param>
public sealed class IngestLoop(
    Func<JournalPosition, JournalConsumer> readFrom,
    Func<CancellationToken, IngestStore> openStore,
    Func<CapturedExchange, InterpretedExchange> interpret,
    IngestSettings settings,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>The name under which the position is kept.</summary>
    public const string Consumer = "ingest";

    private static readonly TimeSpan StoreLookInterval = TimeSpan.FromSeconds(2);

    private readonly BatchReading reading = new(readFrom, new Interpretation(interpret, settings, time, logger), settings, logger);
    private readonly TaskCompletionSource storeOpened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IngestStore? store;
    private volatile IngestState state = new(IngestPhase.Opening);
    private JournalPosition committed;
    private TimeSpan pause = settings.RetryPause;
    private TimeSpan? asked;
    private bool hasCaughtUp;
    private long taken;

    /// <summary>Told after each commit, on the worker.</summary>
    public event Action<CommittedBatch>? Committed;

    /// <summary>Nothing before this is needed from the journal any more; grows with each commit.</summary>
    public event Action<JournalPosition>? Consumed;

    public IngestState State => state;

    /// <summary>True once all was taken in that was in the journal at the start.</summary>
    public bool HasCaughtUp => Volatile.Read(ref hasCaughtUp);

    /// <summary>Completes when the store can be read for the first time.</summary>
    public Task StoreOpened => storeOpened.Task;

    /// <summary>How far it is behind the journal's durable end; what was read and is not committed is behind too.</summary>
    public JournalLag Lag() => reading.Lag();

    /// <summary>
    /// Follows the journal, on a thread of its own, and tells how many exchanges it took in. Asked to finish it ends when it has reached the journal's
    /// end, and gives way to nobody; told to stop it ends at once. What is left then is taken up at the next start. Never fails.
    /// </summary>
    public Task<long> RunAsync(CancellationToken finish, CancellationToken stop) => OwnThread.Start(() => Run(finish, stop));

    private long Run(CancellationToken finish, CancellationToken stop)
    {
        using var pace = new BackgroundPace();
        using var lag = new LagMeter(Lag);
        try
        {
            while (!TryFollow(pace, finish, stop))
            {
                OwnThread.Pause((asked ?? TimeSpan.Zero) + settings.Spread(pause), time, stop);
                var doubled = pause * 2;
                pause = doubled < settings.RetryPauseMax ? doubled : settings.RetryPauseMax;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Log.IngestStopped(logger, committed.ToString());
        }
        finally
        {
            reading.LetGo();
            LetStoreGo();
            state = state.Phase == IngestPhase.Halted ? state : new IngestState(IngestPhase.Stopped);
        }

        return taken;
    }

    /// <summary>False when something failed, and all of it is to be tried again.</summary>
    private bool TryFollow(BackgroundPace pace, CancellationToken finish, CancellationToken stop)
    {
        try
        {
            Follow(pace, finish, stop);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (LeaseLostException fenced)
        {
            Log.IngestFenced(logger, committed.ToString(), fenced.Message);
            state = new IngestState(IngestPhase.Halted, fenced.Message);
            return true;
        }
        catch (Exception fault)
        {
            Log.IngestFailed(logger, pause.TotalMilliseconds, fault);
            state = new IngestState(IngestPhase.Retrying, fault.Message);
            asked = (fault as StoreUnavailableException)?.RetryAfter;
            return false;
        }
    }

    private void Follow(BackgroundPace pace, CancellationToken finish, CancellationToken stop)
    {
        Open(stop);
        while (true)
        {
            while (reading.TryRead(committed, stop))
            {
                Commit(finish.IsCancellationRequested ? null : pace, stop);
                if (state.Phase == IngestPhase.Halted)
                {
                    return;
                }
            }

            Arrive();
            if (finish.IsCancellationRequested)
            {
                return;
            }

            WaitForMore(finish, stop);
        }
    }

    private void Open(CancellationToken stop)
    {
        if (store is null)
        {
            store = openStore(stop);
            if (!reading.IsOpen || store.Cursor != committed)
            {
                // Another store than the one before, or the first: what was read is read again from where this one stands.
                reading.LetGo();
                committed = store.Cursor;
            }

            storeOpened.TrySetResult();
        }

        if (!reading.IsOpen)
        {
            OpenJournal();
        }

        state = new IngestState(HasCaughtUp ? IngestPhase.Following : IngestPhase.CatchingUp);
    }

    private void OpenJournal()
    {
        if (reading.Open(committed).StartedAnewFrom is { } other)
        {
            Log.JournalIsAnother(logger, other.Journal);
        }
        else
        {
            Consumed?.Invoke(committed);
        }
    }

    private void Commit(BackgroundPace? pace, CancellationToken stop)
    {
        var batch = reading.Current!;
        var givesWay = pace is not null && !IsFarBehind() && !settings.IsAwaited();
        IReadOnlyList<ExchangeDelivery> deliveries;
        IReadOnlyList<DeliveryResult> results;
        try
        {
            deliveries = reading.Interpret(givesWay ? pace : null, stop);
            if (!givesWay || reading.IsLate)
            {
                reading.GoAhead(stop);
            }

            results = Commit(batch, deliveries);
        }
        catch (Exception fault)
        {
            batch.Deliveries = null;
            batch.Failures += fault is OperationCanceledException ? 0 : 1;
            throw;
        }

        reading.Committed();
        committed = batch.End;
        pause = settings.RetryPause;
        taken += results.Count;
        if (batch.IsOfLaterVersion)
        {
            Log.IngestHalted(logger, batch.Fault!.At.ToString(), batch.Fault.Detail);
            state = new IngestState(IngestPhase.Halted, $"{batch.Fault.At}: {batch.Fault.Detail}");
        }

        Report(deliveries, results);
        Consumed?.Invoke(committed);
        Committed?.Invoke(new CommittedBatch(deliveries, results));
    }

    private IReadOnlyList<DeliveryResult> Commit(IngestBatch batch, IReadOnlyList<ExchangeDelivery> deliveries)
    {
        RequireStore();
        var began = time.GetTimestamp();
        try
        {
            var results = store!.Commit(deliveries, batch.End, batch.UnreadLine);
            DeliveryMeasures.Committed(deliveries.Count, time.GetElapsedTime(began));
            return results;
        }
        catch (Exception fault) when (!IsPassing(fault))
        {
            LetStoreGo();
            throw;
        }
    }

    /// <summary>The journal's end was reached.</summary>
    private void Arrive()
    {
        Volatile.Write(ref hasCaughtUp, true);
        if (state.Phase != IngestPhase.Following)
        {
            state = new IngestState(IngestPhase.Following);
        }
    }

    private void WaitForMore(CancellationToken finish, CancellationToken stop)
    {
        using var look = new CancellationTokenSource(StoreLookInterval, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(finish, stop, look.Token);
        try
        {
            OwnThread.Wait(reading.WaitForMoreAsync(any.Token));
        }
        catch (OperationCanceledException) when (any.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            // Asked to finish, what came until now is still taken; and a store that was deleted is made again, whether or not there is something for it.
            RequireStore();
        }
    }

    private void RequireStore()
    {
        if (!store!.IsThere)
        {
            LetStoreGo();
            throw new StoreRefusedException("The store's file was deleted.");
        }
    }

    private bool IsFarBehind() => Lag().Bytes > settings.LagBytesMax;

    // Another writer holds it, or the disk is full: the same connection will do.
    private static bool IsPassing(Exception fault) =>
        fault is StoreUnavailableException { IsPassing: true };

    private void Report(IReadOnlyList<ExchangeDelivery> deliveries, IReadOnlyList<DeliveryResult> results)
    {
        for (var i = 0; i < results.Count; i++)
        {
            DeliveryMeasures.Delivered(results[i]);
            if (results[i].Verdict is DeliveryVerdict.Conflict or DeliveryVerdict.Rejected)
            {
                Log.DeadLetter(logger, deliveries[i].Told.Exchange.Id, results[i].Code!);
            }
        }
    }

    private void LetStoreGo()
    {
        var before = store;
        store = null;
        before?.Dispose();
    }
}
