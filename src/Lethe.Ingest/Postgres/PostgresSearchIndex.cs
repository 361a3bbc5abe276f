using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>The postings of a PostgreSQL store, on a connection of their own. Of many recorders whoever comes first indexes.</summary>
internal sealed class PostgresSearchIndex : ISearchIndex
{
    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;

    private PostgresSearchIndex(NpgsqlDataSource source, NpgsqlConnection connection)
    {
        this.source = source;
        this.connection = connection;
    }

    /// <exception cref="StoreRefusedException"/>
    /// <exception cref="StoreUnavailableException"/>
    public static PostgresSearchIndex Open(string connectionString)
    {
        var source = PostgresDatabase.Connect(connectionString);
        try
        {
            var connection = source.OpenConnection();
            PostgresDatabase.RequireLatest(connection);
            return new PostgresSearchIndex(source, connection);
        }
        catch (Exception fault)
        {
            source.Dispose();
            throw fault is DbException refused ? PostgresStore.Unavailable(refused) : fault;
        }
    }

    /// <summary>Takes out the documents of the exchanges in <c>going</c>, in the caller's transaction, in which nobody indexes.</summary>
    public static void Remove(NpgsqlConnection connection)
    {
        foreach (var owner in connection.Query<(Guid Org, long Ingested)>($"SELECT e.org, e.ingested FROM {PostgresWordsOut.Going}").GroupBy(row => row.Org, row => row.Ingested))
        {
            new PostgresPostings(connection, owner.Key).TakeOut([.. owner, .. Leaving(connection, owner.Key)]);
        }
    }

    // Nobody waits for the transaction; and what is written in long runs at once is merged less often.
    public int ExchangesAtOnce => 1024;

    public int CharactersAtOnce => 8 * 1024 * 1024;

    public IReadOnlyList<string> Orgs() => Refusing(() => connection.Query<string>("SELECT org::text FROM orgs").AsList());

    public long IndexedUpTo(string org) => Refusing(() =>
        connection.ExecuteScalar<long?>("SELECT ingested FROM search_cursors WHERE org = @org", new { org = PostgresValues.Org(org) }) ?? 0);

    public bool Add(string org, long from, long upTo, IReadOnlyList<SearchDocument> documents) => Refusing(() =>
    {
        using var transaction = connection.BeginTransaction();
        var owner = PostgresValues.Org(org);
        var moved = connection.Execute(
            """
            INSERT INTO search_cursors AS c (org, ingested) VALUES (@owner, @upTo)
            ON CONFLICT (org) DO UPDATE SET ingested = excluded.ingested WHERE c.ingested = @from
            """,
            new { owner, from, upTo });
        if (moved == 0)
        {
            return false;
        }

        connection.Execute(PostgresLocks.KeepGoingOut);
        var kept = connection.Query<long>(
            "SELECT ingested FROM exchanges WHERE org = @owner AND ingested > @from AND ingested <= @upTo AND content NOT IN ('expired', 'erased')", new { owner, from, upTo }).ToHashSet();
        var added = documents.Where(document => kept.Contains(document.Ingested)).ToList();
        var postings = new PostgresPostings(connection, owner);
        postings.TakeOut(Leaving(connection, owner));
        postings.Add(added);
        connection.Execute(
            """
            INSERT INTO search_spans AS s (org, span, earliest, latest)
            SELECT @owner, d.span, min(d.at), max(d.at) FROM unnest(@spans, @times) d (span, at) GROUP BY d.span
            ON CONFLICT (org, span) DO UPDATE SET earliest = least(s.earliest, excluded.earliest), latest = greatest(s.latest, excluded.latest)
            """,
            new { owner, spans = added.Select(document => SearchSpan.Of(document.Ingested)).ToArray(), times = added.Select(document => document.CapturedAt).ToArray() });
        transaction.Commit();
        return true;
    });

    public void Clear() => Refusing(() => connection.Execute("TRUNCATE search_runs, search_postings, search_spans, search_leaving, search_cursors"));

    public void Dispose()
    {
        connection.Dispose();
        source.Dispose();
    }

    private static List<long> Leaving(NpgsqlConnection connection, Guid org) =>
        connection.Query<long>("DELETE FROM search_leaving WHERE org = @org RETURNING ingested", new { org }).AsList();

    private static T Refusing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (DbException fault)
        {
            throw PostgresStore.Unavailable(fault);
        }
    }
}
