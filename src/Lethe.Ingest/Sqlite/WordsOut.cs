using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// Takes the words out of exchanges' rows: replies, errors, arguments; then of messages, prompts and tools whatever no exchange and no session that keeps
/// its words refers to. Takes part in the caller's transaction.
/// </summary>
internal sealed class WordsOut(SqliteConnection connection, DbTransaction transaction)
{
    // The facts of what happened stay; of an erased one nothing stays that anybody worded.
    private const string Expire = $"""
        UPDATE exchanges
        SET content = 'expired', {ForgottenWords.Said},
            error = CASE WHEN error IS NOT NULL
              THEN json_object('phase', json_extract(error, '$.phase'), 'type', json_extract(error, '$.type'), 'code', json_extract(error, '$.code'), 'message', NULL) END
        WHERE ingested IN (SELECT row FROM temp.going)
        """;

    private const string Erase = $"""
        UPDATE exchanges
        SET content = 'erased', {ForgottenWords.Said}, {ForgottenWords.Worded},
            error = CASE WHEN error IS NOT NULL THEN json_object('phase', json_extract(error, '$.phase'), 'type', NULL, 'code', NULL, 'message', NULL) END
        WHERE ingested IN (SELECT row FROM temp.going)
        """;

    /// <summary>What a session's exchanges that keep their words still refer to.</summary>
    private const string Kept = """
        WITH RECURSIVE kept (node) AS (
          SELECT leaf FROM exchanges WHERE session = @session AND leaf IS NOT NULL
          UNION
          SELECT n.parent FROM kept k JOIN nodes n ON n.node = k.node WHERE n.parent IS NOT NULL)

        """;

    private const string NotKept = "session = @session AND node NOT IN (SELECT node FROM kept)";

    public static void Prepare(SqliteConnection connection) => connection.Execute(
        """
        CREATE TEMP TABLE going (row INTEGER PRIMARY KEY);
        CREATE TEMP TABLE going_nodes (node INTEGER PRIMARY KEY);
        CREATE TEMP TABLE going_blobs (blob INTEGER PRIMARY KEY);
        """);

    /// <summary>Fills <c>going</c> with the rows that are meant.</summary>
    public static void Mean(SqliteConnection connection, DbTransaction transaction, IEnumerable<HeldWords> exchanges)
    {
        connection.Execute("DELETE FROM temp.going", transaction: transaction);
        connection.Execute(
            "INSERT INTO temp.going (row) SELECT ingested FROM exchanges WHERE exchange_id = @id", exchanges.Select(one => new { id = one.Clock.Id.Bytes() }), transaction);
    }

    public void Run(IReadOnlyCollection<HeldWords> exchanges, string content)
    {
        Mean(connection, transaction, exchanges);
        Find();
        SqliteSearchIndex.Remove(connection, transaction);
        var sessions = connection.Query<long>(
            "SELECT DISTINCT session FROM exchanges WHERE ingested IN (SELECT row FROM temp.going) AND session IS NOT NULL", transaction: transaction).AsList();
        connection.Execute(
            $"""
            UPDATE tool_calls SET arguments = NULL{(content == "erased" ? ", name = NULL" : "")}
            WHERE session IN @sessions AND asked_by IN (SELECT exchange_id FROM exchanges WHERE ingested IN (SELECT row FROM temp.going))
            """,
            new { sessions },
            transaction);
        connection.Execute(content == "erased" ? Erase : Expire, transaction: transaction);
        foreach (var session in sessions)
        {
            Leave(session);
        }

        GiveOver();
        RemoveNodes();
        connection.Execute(
            """
            DELETE FROM blobs
            WHERE blob IN (SELECT blob FROM temp.going_blobs)
              AND blob NOT IN (SELECT system FROM exchanges WHERE system IS NOT NULL UNION SELECT tools FROM exchanges WHERE tools IS NOT NULL)
            """,
            transaction: transaction);
    }

    // What may have to go, while it is still told.
    private void Find() => connection.Execute(
        """
        DELETE FROM temp.going_nodes;
        DELETE FROM temp.going_blobs;
        INSERT INTO temp.going_nodes
        WITH RECURSIVE chain (node) AS (
          SELECT leaf FROM exchanges WHERE ingested IN (SELECT row FROM temp.going) AND leaf IS NOT NULL
          UNION
          SELECT n.parent FROM chain c JOIN nodes n ON n.node = c.node WHERE n.parent IS NOT NULL)
        SELECT node FROM chain;
        INSERT INTO temp.going_blobs
        SELECT system FROM exchanges WHERE ingested IN (SELECT row FROM temp.going) AND system IS NOT NULL
        UNION
        SELECT tools FROM exchanges WHERE ingested IN (SELECT row FROM temp.going) AND tools IS NOT NULL;
        """,
        transaction: transaction);

    private void Leave(long session)
    {
        connection.Execute($"INSERT OR IGNORE INTO temp.going_nodes {Kept} SELECT node FROM session_nodes WHERE {NotKept}", new { session }, transaction);
        var left = connection.Execute($"{Kept} DELETE FROM session_nodes WHERE {NotKept}", new { session }, transaction);
        if (left > 0)
        {
            connection.Execute(
                """
                INSERT INTO archived (org, session_id, nodes) SELECT org, session_id, @left FROM sessions WHERE session = @session
                ON CONFLICT DO UPDATE SET nodes = nodes + excluded.nodes
                """,
                new { session, left },
                transaction);
        }
    }

    // A message that stays for others stays as they said it: the node may hold it as it was said by one who left.
    private void GiveOver()
    {
        var shared = connection.Query<(long Node, byte[] Body)>(
            """
            SELECT g.node, (SELECT m.body FROM session_nodes m WHERE m.node = g.node ORDER BY m.carried_at, m.carried_by LIMIT 1)
            FROM temp.going_nodes g
            WHERE EXISTS (SELECT 1 FROM session_nodes m WHERE m.node = g.node)
              AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.node = g.node AND m.body IS NULL)
            """,
            transaction: transaction).AsList();
        foreach (var (node, body) in shared)
        {
            connection.Execute(
                "UPDATE nodes SET body = @body, body_digest = @digest WHERE node = @node; UPDATE session_nodes SET body = NULL WHERE node = @node AND body = @body",
                new { node, body, digest = SHA256.HashData(body)[..16] },
                transaction);
        }
    }

    // From the leaves up: what has no message behind it, no session and no exchange that ends in it.
    private void RemoveNodes()
    {
        var nodes = connection.Query<long>("SELECT node FROM nodes WHERE node IN (SELECT node FROM temp.going_nodes) ORDER BY depth DESC", transaction: transaction).AsList();
        using var remove = new Prepared(
            connection,
            """
            DELETE FROM nodes
            WHERE node = ?1 AND NOT EXISTS (SELECT 1 FROM session_nodes WHERE node = ?1) AND NOT EXISTS (SELECT 1 FROM nodes WHERE parent = ?1)
              AND NOT EXISTS (SELECT 1 FROM exchanges WHERE leaf = ?1)
            """);
        nodes.ForEach(node => remove.Run(node));
    }
}
