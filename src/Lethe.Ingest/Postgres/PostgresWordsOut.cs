using System.Security.Cryptography;
using Dapper;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>
/// Takes the words out of exchanges' rows: replies, errors, arguments; then of messages, prompts and tools whatever no exchange and no session that keeps
/// its words refers to. Takes part in the caller's transaction, in which nobody else stores.
/// </summary>
internal sealed class PostgresWordsOut(NpgsqlConnection connection)
{
    /// <summary>The exchanges that are meant: <c>e</c>.</summary>
    public const string Going = "exchanges e JOIN going g ON g.org = e.org AND g.captured_at = e.captured_at AND g.exchange_id = e.exchange_id";

    private const string IsGoing = "FROM going g WHERE g.org = e.org AND g.captured_at = e.captured_at AND g.exchange_id = e.exchange_id";

    // The facts of what happened stay; of an erased one nothing stays that anybody worded.
    private const string Expire = $"""
        UPDATE exchanges e
        SET content = 'expired', {ForgottenWords.Said},
            error = CASE WHEN error IS NOT NULL
              THEN json_build_object('phase', error::json -> 'phase', 'type', error::json -> 'type', 'code', error::json -> 'code', 'message', NULL)::text END
        {IsGoing}
        """;

    private const string Erase = $"""
        UPDATE exchanges e
        SET content = 'erased', {ForgottenWords.Said}, {ForgottenWords.Worded},
            error = CASE WHEN error IS NOT NULL THEN json_build_object('phase', error::json -> 'phase', 'type', NULL, 'code', NULL, 'message', NULL)::text END
        {IsGoing}
        """;

    public static void Prepare(NpgsqlConnection connection) => connection.Execute(
        """
        CREATE TEMP TABLE going (org uuid, captured_at bigint, exchange_id uuid, PRIMARY KEY (org, captured_at, exchange_id));
        CREATE TEMP TABLE going_nodes (org uuid, hash bytea, PRIMARY KEY (org, hash));
        CREATE TEMP TABLE going_blobs (org uuid, hash bytea, PRIMARY KEY (org, hash));
        CREATE TEMP TABLE going_sessions (org uuid, session uuid, PRIMARY KEY (org, session));
        """);

    /// <summary>Fills <c>going</c> with the rows that are meant.</summary>
    public static void Mean(NpgsqlConnection connection, IReadOnlyCollection<HeldWords> exchanges) => connection.Execute(
        "DELETE FROM going; INSERT INTO going SELECT * FROM unnest(@orgs, @times, @ids)",
        new
        {
            orgs = exchanges.Select(one => PostgresValues.Org(one.OrgId)).ToArray(),
            times = exchanges.Select(one => one.Clock.At).ToArray(),
            ids = exchanges.Select(one => one.Clock.Id).ToArray(),
        });

    public void Run(IReadOnlyCollection<HeldWords> exchanges, string content)
    {
        Mean(connection, exchanges);
        Find();
        PostgresSearchIndex.Remove(connection);
        var sessions = connection.Query<(Guid Org, Guid Session)>($"SELECT DISTINCT e.org, e.session FROM {Going} WHERE e.session IS NOT NULL").AsList();
        connection.Execute(
            $"""
            UPDATE tool_calls t SET arguments = NULL{(content == "erased" ? ", name = NULL" : "")}
            FROM {Going}
            WHERE t.org = e.org AND t.session = e.session AND t.asked_by = e.exchange_id
            """);
        connection.Execute(content == "erased" ? Erase : Expire);
        foreach (var (org, session) in sessions)
        {
            Leave(org, session);
        }

        GiveOver();
        RemoveNodes();
        connection.Execute(
            """
            DELETE FROM blobs b USING going_blobs g
            WHERE b.org = g.org AND b.hash = g.hash
              AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = b.org AND e.system = b.hash)
              AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = b.org AND e.tools = b.hash)
            """);
    }

    // What may have to go, while it is still told.
    private void Find() => connection.Execute(
        $"""
        DELETE FROM going_nodes;
        DELETE FROM going_blobs;
        INSERT INTO going_nodes
        WITH RECURSIVE chain (org, hash) AS (
          SELECT e.org, e.leaf FROM {Going} WHERE e.leaf IS NOT NULL
          UNION
          SELECT n.org, n.parent FROM chain c JOIN nodes n ON n.org = c.org AND n.hash = c.hash WHERE n.parent IS NOT NULL)
        SELECT org, hash FROM chain;
        INSERT INTO going_blobs
        SELECT e.org, e.system FROM {Going} WHERE e.system IS NOT NULL
        UNION
        SELECT e.org, e.tools FROM {Going} WHERE e.tools IS NOT NULL
        """);

    // What a session's exchanges that keep their words still refer to stays its own.
    private void Leave(Guid org, Guid session)
    {
        var left = connection.ExecuteScalar<long>(
            """
            WITH RECURSIVE kept (hash) AS (
              SELECT leaf FROM exchanges WHERE org = @org AND session = @session AND leaf IS NOT NULL
              UNION
              SELECT n.parent FROM kept k JOIN nodes n ON n.org = @org AND n.hash = k.hash WHERE n.parent IS NOT NULL),
            gone AS (
              DELETE FROM session_nodes m WHERE m.org = @org AND m.session = @session AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.hash = m.hash) RETURNING m.org, m.hash),
            noted AS (INSERT INTO going_nodes SELECT org, hash FROM gone ON CONFLICT DO NOTHING)
            SELECT count(*) FROM gone
            """,
            new { org, session });
        if (left > 0)
        {
            connection.Execute(
                "INSERT INTO archived AS a (org, session, nodes) VALUES (@org, @session, @left) ON CONFLICT (org, session) DO UPDATE SET nodes = a.nodes + excluded.nodes",
                new { org, session, left });
        }
    }

    // A message that stays for others stays as they said it: the node may hold it as it was said by one who left.
    private void GiveOver()
    {
        var shared = connection.Query<(Guid Org, byte[] Hash, byte[] Body)>(
            """
            SELECT g.org, g.hash, (SELECT m.body FROM session_nodes m WHERE m.org = g.org AND m.hash = g.hash ORDER BY m.carried_at, m.carried_by LIMIT 1)
            FROM going_nodes g
            WHERE EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = g.org AND m.hash = g.hash)
              AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = g.org AND m.hash = g.hash AND m.body IS NULL)
            """).AsList();
        foreach (var (org, hash, body) in shared)
        {
            connection.Execute(
                """
                UPDATE nodes SET body = @body, body_digest = @digest WHERE org = @org AND hash = @hash;
                UPDATE session_nodes SET body = NULL WHERE org = @org AND hash = @hash AND body = @body
                """,
                new { org, hash, body, digest = SHA256.HashData(body)[..16] });
        }
    }

    // From the leaves up: what has no message behind it, no session and no exchange that ends in it.
    private void RemoveNodes()
    {
        while (connection.Execute(
            """
            DELETE FROM nodes n USING going_nodes g
            WHERE n.org = g.org AND n.hash = g.hash
              AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = n.org AND m.hash = n.hash)
              AND NOT EXISTS (SELECT 1 FROM nodes c WHERE c.org = n.org AND c.parent = n.hash)
              AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = n.org AND e.leaf = n.hash)
            """) > 0)
        {
            // What stood before those that went may go now.
        }
    }
}
