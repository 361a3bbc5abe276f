using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Writes made traffic into an empty SQLite store: rows first, indexes after.</summary>
internal sealed class SqliteFill : IDisposable
{
    private const int TurnsATransaction = 200_000;
    private static readonly byte[] SomeHash = new byte[32];

    private readonly SqliteConnection connection;
    private readonly MadeTraffic traffic;
    private readonly Prepared session;
    private readonly Prepared node;
    private readonly Prepared member;
    private readonly Prepared exchange;
    private readonly Prepared tool;
    private readonly Prepared receipt;

    private SqliteFill(SqliteConnection connection, MadeTraffic traffic)
    {
        this.connection = connection;
        this.traffic = traffic;
        session = Insert(
            "sessions",
            "session, session_id, org, is_placeholder, first_seen_at, last_seen_at, last_turn_at, last_turn_id, exchanges, turns, input, output, cost_nano_usd, nodes, harness_id, harness_session_id, id_origin, harness_version, name, cwd");
        node = Insert("nodes", "node, org, hash, parent, depth, body_digest, role, body");
        member = Insert("session_nodes", "session, node, carried_at, carried_by");
        exchange = Insert(
            "exchanges",
            "ingested, exchange_id, org, own_session, session, captured_at, duration_us, ttfb_us, route, caller, stream, status, has_reply, is_turn, seq, retry_key, attempt, usage_final, input, cache_read, output, cost_nano_usd, root, leaf, chain_length, prompt_length, projection, request_bytes, request_truncated, response_bytes, response_truncated, request_sha256, response_sha256, content, outcome, operation, commit_key, path, model_requested, model_served, response_id, stop_reason, price_book, project, reply_text, reply_tools");
        tool = Insert("tool_calls", "session, call_id, name, arguments, asked_at, asked_by, is_error, answered_at, answered_by");
        receipt = Insert("receipts", "org, commit_key, content_hash, exchange_id, committed_at");
    }

    public static async Task RunAsync(string path, MadeTraffic traffic)
    {
        using var connection = await LetheDatabase.OpenAsync(path, TimeProvider.System);
        connection.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -2000000; PRAGMA threads = 2");
        var indexes = connection.Query<(string Name, string Sql)>("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").ToList();
        indexes.ForEach(index => connection.Execute($"DROP INDEX {index.Name}"));
        connection.Execute(
            """
            INSERT INTO routes VALUES (1, 'forwarding', 'base_url', 'POST', 'HTTP/1.1', 'anthropic', 'anthropic', 'messages');
            INSERT INTO callers VALUES (1, 'claude-code', '2.1.329', '{"harness_id":"header:user-agent"}');
            """);
        using (var fill = new SqliteFill(connection, traffic))
        {
            fill.Sessions();
            fill.Turns();
        }

        foreach (var (_, sql) in indexes)
        {
            connection.Execute(sql, commandTimeout: 0);
        }

        connection.Execute("PRAGMA journal_mode = WAL");
    }

    public void Dispose()
    {
        Prepared[] all = [session, node, member, exchange, tool, receipt];
        Array.ForEach(all, one => one.Dispose());
    }

    private void Sessions()
    {
        connection.Execute("BEGIN;");
        for (var one = 0; one < traffic.Sessions; one++)
        {
            var (key, turns) = (MadeTraffic.Key(one), traffic.TurnsOf(one));
            session.Run(
                one + 1L, key.ToId().ToString("D"), 1L, 0L, traffic.At(one, 0), traffic.At(one, turns - 1), traffic.At(one, turns - 1), traffic.ExchangeId(one, turns - 1).Bytes(),
                (long)turns, (long)turns, turns * 120L, turns * 30L, turns * 1000L, turns * 2L, key.HarnessId, key.HarnessSessionId, "harness", "2.1.329", $"task {one}", $"/home/dev/project-{one % 500}");
        }

        connection.Execute("COMMIT;");
    }

    private void Turns()
    {
        foreach (var some in traffic.Turns().Chunk(TurnsATransaction))
        {
            connection.Execute("BEGIN;");
            foreach (var turn in some)
            {
                Write(turn);
            }

            connection.Execute("COMMIT;");
        }
    }

    private void Write(MadeTurn turn)
    {
        var (owner, at, id) = (turn.Session + 1L, traffic.At(turn.Session, turn.Turn), traffic.ExchangeId(turn.Session, turn.Turn));
        var (bytes, text, prompt) = (id.Bytes(), id.ToString("D"), (2L * turn.Ordinal) + 1);
        for (var half = 0; half < 2; half++)
        {
            var depth = (2 * turn.Turn) + half;
            long? parent = half == 1 ? prompt : turn.Before < 0 ? null : (2L * turn.Before) + 2;
            node.Run(prompt + half, 1L, MadeTraffic.NodeHash(turn.Session, depth), parent, (long)depth, bytes, half == 0 ? "user" : "assistant", traffic.Body(turn.Session, depth));
            member.Run(owner, prompt + half, at, bytes);
        }

        var model = MadeTraffic.Model(turn.Session, turn.Turn);
        exchange.Run(
            turn.Ordinal + 1L, bytes, 1L, owner, owner, at, 2_000_000L, 400_000L, 1L, 1L, 1L, 200L, 1L, 1L, turn.Turn + 1L, (long)turn.Ordinal * 7919, 1L, 1L, 20L, 100L, 30L, 1000L,
            prompt, prompt + 1, (2L * turn.Turn) + 2, (2L * turn.Turn) + 1, 1L, 50_000L, 0L, 4_000L, 0L, SomeHash, SomeHash, "kept", "completed", "chat", text, "/v1/messages",
            model, model, "msg_" + text, "end_turn", "genai-prices", MadeTraffic.Project(turn.Session), traffic.Text(turn.Session, (2 * turn.Turn) + 1).ToArray(),
            turn.CallsTool ? $$$"""[{"id":"{{{turn.CallId}}}","name":"Bash","arguments":{"command":"ls"}}]""" : null);
        receipt.Run(1L, text, SomeHash, bytes, at);
        if (turn.CallsTool)
        {
            tool.Run(owner, turn.CallId, "Bash", """{"command":"ls"}""", at, bytes, 0L, at + 1, bytes);
        }
    }

    private Prepared Insert(string table, string columns)
    {
        var count = columns.Split(',').Length;
        return new Prepared(connection, $"INSERT INTO {table} ({columns}) VALUES ({string.Join(", ", Enumerable.Range(1, count).Select(i => $"?{i}"))})");
    }
}
