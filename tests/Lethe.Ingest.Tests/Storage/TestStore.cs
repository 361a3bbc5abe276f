using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>The stores that must mean the same.</summary>
public enum StoreKind
{
    Sqlite,
    Postgres,
}

/// <summary>An empty store of its own, gone after the test.</summary>
internal abstract class TestStore : IDisposable
{
    public abstract ISessionStore Ingest { get; }

    public abstract StoreReader Reader { get; }

    public static TestStore Open(StoreKind kind) => kind switch
    {
        StoreKind.Sqlite => SqliteTestStore.Open(),
        StoreKind.Postgres => PostgresTestStore.Open(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>As a process does that ends and starts again: nothing is known but what is stored.</summary>
    public abstract void Reopen();

    /// <summary>As another process does.</summary>
    public abstract ISessionStore OpenAnother();

    /// <summary>All that the store says, in one text: equal texts are equal states, whatever the row numbers.</summary>
    public abstract string State();

    /// <summary>What is off in it; empty when it is sound.</summary>
    public abstract IReadOnlyList<string> Faults();

    /// <summary>Every word for which a row was met, of a query that names it as its first column. See <see cref="StoreState"/>.</summary>
    public abstract IEnumerable<string?> Met();

    public abstract long Count(string table);

    /// <summary>How often the database has ended a circle of waiting writers; called when those that wrote are gone.</summary>
    public abstract long Deadlocks();

    public abstract StoreVerifier Verifier { get; }

    /// <summary>What keeps it, beside who writes it.</summary>
    public abstract SessionKeeping Keep(
        Journal journal, string dataDirectory, RetentionSettings settings, Func<CapturedExchange, InterpretedExchange> interpret, TimeProvider time);

    /// <summary>What fills its search index.</summary>
    public abstract SearchIndexing Indexing();

    /// <summary>A row of what sessions left that are gone themselves.</summary>
    public abstract T Archived<T>(string columns);

    /// <summary>Makes the database refuse a step, as its triggers name it, until it is told to allow it.</summary>
    public abstract void Refuse(string step);

    /// <summary>Runs a statement with each exchange of that prompt id as it is stored, until the database is told to allow it.</summary>
    public abstract void WithEach(string promptId, string statement);

    public abstract void Allow();

    /// <summary>Every byte of the files that hold its rows.</summary>
    public abstract string Bytes();

    public IReadOnlyList<DeliveryResult> Deliver(params Told[] told)
    {
        var results = Ingest.Commit([.. told.Select(one => one.Delivery())]);
        Assert.DoesNotContain(StoreFault.Upsert, results.Select(result => result.Code));
        return results;
    }

    public SessionSummary Session(string harnessSessionId, string harness = "claude-code") =>
        Sessions().Single(session => session.HarnessSessionId == harnessSessionId && session.HarnessId == harness);

    public IReadOnlyList<SessionSummary> Sessions() => Reader.Sessions(Organisation.None, new SessionFilter());

    public List<ExchangeRecord> Records() => [.. Hostile.Orgs.SelectMany(org => Reader.Exchanges(org, new ExchangeFilter()))];

    public List<DeadLetter> Letters() => [.. Hostile.Orgs.SelectMany(org => Reader.DeadLetters(org))];

    public abstract void Dispose();
}
