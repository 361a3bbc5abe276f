using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Searching;

/// <summary>
/// Fills the search index behind the commits, on a thread of its own that gives way to calls, and for a while to those who wait for a commit: nobody is slower
/// for it, and what it has not taken in yet is told with every search.
/// </summary>
public sealed class SearchIndexing : IAsyncDisposable
{
    private const int ReadAtOnce = 32;

    /// <summary>Other recorders store without telling.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>Behind for longer than this, it takes what it needs, whoever waits for a commit.</summary>
    private static readonly TimeSpan BehindMax = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan GiveWayPause = TimeSpan.FromMilliseconds(20);

    private readonly Func<CancellationToken, ISearchIndex> open;
    private readonly IReadConnections connections;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly SemaphoreSlim committed = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private Task working = Task.CompletedTask;
    private Func<bool> isAwaited = static () => false;
    private long caughtUpAt;

    /// <param name="open">Called again after the index failed.</param>
    /// <param name="connections">Are let go with this.</param>
    internal SearchIndexing(Func<CancellationToken, ISearchIndex> open, IReadConnections connections, TimeProvider time, ILogger logger)
    {
        this.open = open;
        this.connections = connections;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Begins, when the store is there.</summary>
    /// <param name="isAwaited">True while somebody waits for a commit; null where nobody does.</param>
    public void Start(Task storeOpened, Func<bool>? isAwaited = null)
    {
        this.isAwaited = isAwaited ?? this.isAwaited;
        working = OwnThread.Start(() => Run(storeOpened));
    }

    /// <summary>Something was committed. Any thread may call.</summary>
    public void Wake()
    {
        try
        {
            committed.Release();
        }
        catch (Exception alreadyAwake) when (alreadyAwake is SemaphoreFullException or ObjectDisposedException)
        {
            // It looks anyhow, or never again.
        }
    }

    /// <summary>Takes in all that is committed; how many exchanges.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public long CatchUp(Action<long>? passed = null, CancellationToken cancel = default)
    {
        using var index = open(cancel);
        return CatchUp(index, pace: null, passed, cancel);
    }

    /// <summary>Empties the index: whoever indexes next begins anew.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public void Clear()
    {
        using var index = open(CancellationToken.None);
        index.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await working.ConfigureAwait(false);
        stopping.Dispose();
        committed.Dispose();
        connections.Dispose();
    }

    private void Run(Task storeOpened)
    {
        using var pace = new BackgroundPace();
        try
        {
            OwnThread.Wait(storeOpened.WaitAsync(stopping.Token));
            caughtUpAt = time.GetTimestamp();
            while (true)
            {
                TryFollow(pace);
                OwnThread.Pause(RetryPause, time, stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is left is taken in at the next start.
        }
    }

    private void TryFollow(BackgroundPace pace)
    {
        try
        {
            using var index = open(stopping.Token);
            while (true)
            {
                CatchUp(index, pace, passed: null, stopping.Token);
                caughtUpAt = time.GetTimestamp();
                committed.Wait(LookInterval, stopping.Token);
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Log.IndexingFailed(logger, RetryPause.TotalMilliseconds, fault);
        }
    }

    private long CatchUp(ISearchIndex index, BackgroundPace? pace, Action<long>? passed, CancellationToken cancel)
    {
        long taken = 0;
        foreach (var org in index.Orgs())
        {
            for (var added = Step(index, org, pace, cancel); added > 0; added = Step(index, org, pace, cancel))
            {
                taken += added;
                passed?.Invoke(taken);
            }
        }

        return taken;
    }

    // The next exchanges in the order of commits; how many. What another one took in meanwhile is passed.
    private int Step(ISearchIndex index, string org, BackgroundPace? pace, CancellationToken cancel)
    {
        GiveWay(cancel);
        var from = index.IndexedUpTo(org);
        var documents = new List<SearchDocument>();
        var (count, upTo, characters) = (0, from, 0L);
        while (count < index.ExchangesAtOnce && characters < index.CharactersAtOnce)
        {
            cancel.ThrowIfCancellationRequested();
            pace?.GiveWay(cancel);
            var (rows, last, read) = Read(documents, org, upTo);
            if (rows == 0)
            {
                break;
            }

            (count, upTo, characters) = (count + rows, last, characters + read);
        }

        return count > 0 && index.Add(org, from, upTo, documents) ? count : 0;
    }

    // The store has one writer at a time, and the machine few processors.
    private void GiveWay(CancellationToken cancel)
    {
        while (isAwaited() && time.GetElapsedTime(caughtUpAt) < BehindMax)
        {
            OwnThread.Pause(GiveWayPause, time, cancel);
        }
    }

    private (int Rows, long Last, long Characters) Read(List<SearchDocument> documents, string org, long after)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return default;
        }

        using var snapshot = connections.BeginSnapshot(connection.Db);
        var at = new StoreMoment(connections, connection.Db, snapshot, owner);
        var rows = CommittedAfter(at, after);
        return rows.Count == 0 ? default : (rows.Count, rows[^1].Ingested, AddDocuments(documents, at, rows));
    }

    private static List<ExchangeRow> CommittedAfter(StoreMoment at, long ingested) => at.Db.Query<ExchangeRow>(
        $"{ExchangeRow.Select}WHERE org = @Owner AND ingested > @ingested ORDER BY ingested LIMIT {ReadAtOnce}", new { at.Owner, ingested }, at.Snapshot).AsList();

    private static long AddDocuments(List<SearchDocument> documents, StoreMoment at, List<ExchangeRow> rows)
    {
        var (texts, characters) = (SpokenTexts.Of(at, rows), 0L);
        foreach (var row in rows)
        {
            foreach (var part in texts[row.ExchangeId].GroupBy(text => text.Part, text => text.Text).OrderBy(part => part.Key))
            {
                documents.Add(new SearchDocument(row.Ingested, row.CapturedAt, part.Key, SearchTokens.Of(part)));
                characters += part.Sum(text => (long)text.Length);
            }
        }

        return characters;
    }
}
