using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Searching;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>The search documents of a PostgreSQL store, on a connection of their own. Of many recorders whoever comes first indexes.</summary>
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

    /// <summary>Takes out the documents of the exchanges in <c>going</c>, in the caller's transaction.</summary>
    public static void Remove(NpgsqlConnection connection) =>
        connection.Execute("DELETE FROM search_documents d USING going g WHERE d.org = g.org AND d.exchange_id = g.exchange_id");

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
        connection.Execute(
            """
            INSERT INTO search_documents (org, exchange_id, part, captured_at, ingested, words, code)
            SELECT e.org, e.exchange_id, d.part, e.captured_at, e.ingested, array_to_tsvector(string_to_array(d.words, ' ')), d.code
            FROM unnest(@ids, @times, @parts, @words, @code) d (id, at, part, words, code)
            JOIN exchanges e ON e.org = @owner AND e.captured_at = d.at AND e.exchange_id = d.id AND e.content NOT IN ('expired', 'erased')
            ON CONFLICT DO NOTHING
            """,
            new
            {
                owner,
                ids = documents.Select(document => document.ExchangeId).ToArray(),
                times = documents.Select(document => document.CapturedAt).ToArray(),
                parts = documents.Select(document => (long)document.Part).ToArray(),
                words = documents.Select(document => string.Join(' ', document.Tokens.Words)).ToArray(),
                code = documents.Select(document => string.Join(' ', document.Tokens.Code)).ToArray(),
            });
        transaction.Commit();
        return true;
    });

    public void Clear() => Refusing(() => connection.Execute("TRUNCATE search_documents, search_cursors"));

    public void Dispose()
    {
        connection.Dispose();
        source.Dispose();
    }

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
