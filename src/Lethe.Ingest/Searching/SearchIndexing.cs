using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Searching;

/// <summary>
/// Fills the search index behind the commits, on a thread of its own that gives way to calls: a call is never slower for it, and what it has not taken
/// in yet is told with every search.
/// </summary>
public sealed class SearchIndexing : IAsyncDisposable
{
    private const int ExchangesAtOnce = 64;

    /// <summary>Ingest waits for a transaction of its; so it is short.</summary>
    private const int CharactersAtOnce = 1024 * 1024;

    /// <summary>Other recorders store without telling.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    private readonly Func<CancellationToken, ISearchIndex> open;
    private readonly IReadConnections connections;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly SemaphoreSlim committed = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private Task working = Task.CompletedTask;

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
    public void Start(Task storeOpened) => working = OwnThread.Start(() => Run(storeOpened));

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
            for (var added = Step(index, org); added > 0; added = Step(index, org))
            {
                cancel.ThrowIfCancellationRequested();
                pace?.GiveWay(cancel);
                taken += added;
                passed?.Invoke(taken);
            }
        }

        return taken;
    }

    // The next exchanges in the order of commits; how many. What another one took in meanwhile is passed.
    private int Step(ISearchIndex index, string org)
    {
        var from = index.IndexedUpTo(org);
        var rows = ExchangeQueries.CommittedAfter(connections, org, from, ExchangesAtOnce);
        if (rows.Count == 0)
        {
            return 0;
        }

        var documents = new List<SearchDocument>();
        var (count, characters) = (0, 0L);
        using (var connection = connections.Open())
        {
            if (connections.Org(connection.Db, org) is not { } owner)
            {
                return 0;
            }

            using var snapshot = connections.BeginSnapshot(connection.Db);
            var at = new StoreMoment(connections, connection.Db, snapshot, owner);
            for (; count < rows.Count && characters < CharactersAtOnce; count++)
            {
                characters += AddDocuments(documents, at, rows[count]);
            }
        }

        return index.Add(org, from, rows[count - 1].Ingested, documents) ? count : 0;
    }

    private static long AddDocuments(List<SearchDocument> documents, StoreMoment at, ExchangeRow row)
    {
        long characters = 0;
        foreach (var part in SpokenTexts.Of(at, row).GroupBy(text => text.Part, text => text.Text))
        {
            documents.Add(new SearchDocument(row.Ingested, row.ExchangeId, row.CapturedAt, part.Key, SearchTokens.Of(part)));
            characters += part.Sum(text => (long)text.Length);
        }

        return characters;
    }
}
