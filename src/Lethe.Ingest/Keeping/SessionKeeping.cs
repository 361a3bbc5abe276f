using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Keeping;

/// <summary>
/// What of a journal and its store is kept, and what goes: retention now and then in the background, pins and forgetting when asked. One job at a time;
/// what was begun and not finished, by this process or one before, is finished at the next look.
/// </summary>
public sealed class SessionKeeping : IAsyncDisposable
{
    private readonly Func<CancellationToken, IKeptStore?> open;
    private readonly RetentionSettings settings;
    private static readonly TimeSpan TurnMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TurnPoll = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Forgetter forgetter;
    private readonly Retention retention;
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim turn = new(1);
    private Task working = Task.CompletedTask;
    private volatile KeepingState state = new(0, 0, 0, null, null);

    /// <param name="open">Opens the store for a job; null while there is none.</param>
    internal SessionKeeping(
        Func<CancellationToken, IKeptStore?> open,
        Journal journal,
        string dataDirectory,
        RetentionSettings settings,
        Func<CapturedExchange, InterpretedExchange> interpret,
        TimeProvider time,
        ILogger logger)
    {
        this.open = open;
        this.settings = settings;
        this.time = time;
        this.logger = logger;
        forgetter = new Forgetter(journal, interpret, stopping.Token);
        retention = new Retention(settings, dataDirectory, forgetter, time);
    }

    public KeepingState State => state;

    /// <summary>Looks at once when the store is there, and then every <see cref="RetentionSettings.LookInterval"/>.</summary>
    public void Start(Task storeOpened) => working = OwnThread.Start(() => Run(storeOpened));

    /// <summary>Erases every word of a session and of all below it; with their facts, leaves only sums. Completes when nothing is left in any file.</summary>
    /// <returns>What was erased; null when there is no such session.</returns>
    /// <exception cref="StoreUnavailableException">It could not be finished now; once it was noted it goes on by itself.</exception>
    public Task<ForgottenCounts?> ForgetAsync(string org, string sessionId, bool withFacts) => InTurnAsync(kept =>
    {
        if (kept.Ask(org, sessionId, withFacts, Microseconds.Of(time.GetUtcNow())) is not { } words)
        {
            return null;
        }

        Begin(kept);
        return words with { Unread = FinishForgetting(kept) };
    });

    /// <summary>Keeps a session and all below it from retention, or no longer. False when there is no such session.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<bool> PinAsync(string org, string sessionId, bool isPinned) =>
        InTurnAsync(kept => kept.Pin(org, sessionId, isPinned ? Microseconds.Of(time.GetUtcNow()) : null));

    /// <summary>Does all that is due.</summary>
    /// <exception cref="StoreUnavailableException">Something is left; the next look goes on.</exception>
    public Task LookAsync() => InTurnAsync(Look);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await working.ConfigureAwait(false);
        await turn.WaitAsync().ConfigureAwait(false);
        turn.Dispose();
        stopping.Dispose();
    }

    private void Run(Task storeOpened)
    {
        try
        {
            OwnThread.Wait(storeOpened.WaitAsync(stopping.Token));
            while (true)
            {
                TryLook();
                OwnThread.Pause(settings.LookInterval, time, stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is left is found again at the next start.
        }
    }

    private void TryLook()
    {
        try
        {
            OwnThread.Wait(LookAsync());
            state = state with { LookedAt = time.GetUtcNow(), Failure = null };
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            IngestMeter.RetentionFailures.Add(1);
            Log.RetentionFailed(logger, fault);
            state = state with { LookedAt = time.GetUtcNow(), Failure = fault.Message };
        }
    }

    private bool Look(IKeptStore kept)
    {
        forgetter.EraseLeft(kept);
        if (!kept.TryBegin())
        {
            return false;
        }

        FinishForgetting(kept);
        var (words, records) = retention.Look(kept);
        if (words + records > 0)
        {
            state = state with { WordsExpired = state.WordsExpired + words, RecordsRemoved = state.RecordsRemoved + records };
            Log.Expired(logger, words, records);
        }

        return true;
    }

    private long FinishForgetting(IKeptStore kept)
    {
        long all = 0;
        foreach (var asked in kept.Pending())
        {
            var (words, records, unread) = forgetter.Finish(kept, asked);
            state = state with { WordsErased = state.WordsErased + words, RecordsRemoved = state.RecordsRemoved + records };
            Log.Forgotten(logger, asked.Sessions.Count, words);
            if (unread > 0)
            {
                Log.WordsNotFound(logger, unread);
            }

            all += unread;
        }

        return all;
    }

    // Another recorder's look takes seconds; what was asked is noted, and whoever looks next carries it out.
    private void Begin(IKeptStore kept)
    {
        var began = time.GetTimestamp();
        while (!kept.TryBegin())
        {
            if (time.GetElapsedTime(began) > TurnMax)
            {
                throw new StoreUnavailableException("Another recorder takes words away; this goes on when it has done.") { IsPassing = true };
            }

            OwnThread.Pause(TurnPoll, time, stopping.Token);
        }
    }

    // A store that is not there is made by ingest, and by nobody else.
    private Task<T?> InTurnAsync<T>(Func<IKeptStore, T?> job) => OwnThread.Start(() =>
    {
        turn.Wait(stopping.Token);
        try
        {
            using var kept = open(stopping.Token);
            return kept is null ? default : job(kept);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or LeaseLostException)
        {
            throw new StoreUnavailableException(refused.Message, refused) { IsPassing = true };
        }
        finally
        {
            turn.Release();
        }
    });
}
