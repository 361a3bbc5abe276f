using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>The full-text tables, written on a connection of their own beside that of ingest.</summary>
internal sealed class SqliteSearchIndex : ISearchIndex
{
    private const int BusyTimeoutMilliseconds = 5_000;

    private readonly SqliteConnection connection;

    public SqliteSearchIndex(SqliteConnection connection)
    {
        this.connection = connection;
        connection.Execute($"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}");
    }

    /// <exception cref="StoreRefusedException"/>
    /// <exception cref="StoreUnavailableException"/>
    public static SqliteSearchIndex Open(string path, TimeProvider time, CancellationToken cancel) =>
        Refusing(() => new SqliteSearchIndex(OwnThread.Wait(LetheDatabase.OpenAsync(path, time, cancel))));

    /// <summary>Takes out the documents of the exchanges in <c>going</c>, in the caller's transaction.</summary>
    public static void Remove(SqliteConnection connection, DbTransaction transaction)
    {
        foreach (var table in (string[])["search_words", "search_code"])
        {
            connection.Execute(
                $"""
                DELETE FROM {table}
                WHERE rowid IN (
                  SELECT g.row * {SearchCursor.PartCount} + p.part
                  FROM temp.going g CROSS JOIN (SELECT 0 AS part UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) p)
                """,
                transaction: transaction);
        }
    }

    /// <summary>Writes the tables anew: what was taken out is only marked until then.</summary>
    public static void Compact(SqliteConnection connection) =>
        connection.Execute("INSERT INTO search_words (search_words) VALUES ('optimize'); INSERT INTO search_code (search_code) VALUES ('optimize')");

    public int ExchangesAtOnce => 64;

    // Ingest waits for the transaction; so it is short.
    public int CharactersAtOnce => 1024 * 1024;

    public IReadOnlyList<string> Orgs() => Refusing(() => connection.Query<string>("SELECT org_id FROM orgs").AsList());

    public long IndexedUpTo(string org) => Refusing(() =>
        connection.ExecuteScalar<long?>("SELECT c.ingested FROM search_cursors c JOIN orgs o ON o.org = c.org WHERE o.org_id = @org", new { org }) ?? 0);

    public bool Add(string org, long from, long upTo, IReadOnlyList<SearchDocument> documents) => Refusing(() =>
    {
        using var transaction = connection.BeginTransaction();
        var moved = connection.Execute(
            """
            INSERT INTO search_cursors (org, ingested) SELECT org, @upTo FROM orgs WHERE org_id = @org AND true
            ON CONFLICT DO UPDATE SET ingested = excluded.ingested WHERE ingested = @from
            """,
            new { org, from, upTo },
            transaction);
        if (moved == 0)
        {
            return false;
        }

        var owner = connection.ExecuteScalar<long>("SELECT org FROM orgs WHERE org_id = @org", new { org }, transaction);
        var kept = connection.Query<long>(
            "SELECT ingested FROM exchanges WHERE ingested > @from AND ingested <= @upTo AND content NOT IN ('expired', 'erased')", new { from, upTo }, transaction).ToHashSet();
        using var words = new Prepared(connection, "INSERT OR REPLACE INTO search_words (rowid, words) VALUES (?1, ?2)");
        using var code = new Prepared(connection, "INSERT OR REPLACE INTO search_code (rowid, code) VALUES (?1, ?2)");
        using var span = new Prepared(
            connection,
            """
            INSERT INTO search_spans (org, span, earliest, latest) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)
            """);
        foreach (var document in documents.Where(document => kept.Contains(document.Ingested)))
        {
            var number = document.Number;
            span.Run(owner, SearchSpan.Of(document.Ingested), document.CapturedAt);
            words.Run(number, string.Join(' ', document.Tokens.Words));
            if (document.Tokens.Code.Count > 0)
            {
                code.Run(number, string.Join(' ', document.Tokens.Code));
            }
        }

        transaction.Commit();
        return true;
    });

    public void Clear() => Refusing(() =>
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute(
            """
            INSERT INTO search_words (search_words) VALUES ('delete-all');
            INSERT INTO search_code (search_code) VALUES ('delete-all');
            DELETE FROM search_cursors;
            DELETE FROM search_spans;
            """,
            transaction: transaction);
        transaction.Commit();
        return true;
    });

    public void Dispose() => connection.Dispose();

    private static T Refusing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException fault)
        {
            throw SqliteStore.Unavailable(fault);
        }
    }
}
