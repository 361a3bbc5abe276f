using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Writes made traffic into an empty PostgreSQL database by COPY: rows first, indexes after.</summary>
internal sealed class PostgresFill(string connectionString, MadeTraffic traffic)
{
    private static readonly Guid Org = Guid.Parse(Organisation.None);
    private static readonly byte[] SomeHash = new byte[32];

    public async Task RunAsync()
    {
        PostgresStore.Open(connectionString, TimeProvider.System).Dispose();
        using var connection = Connect();
        Months(connection);
        // What hangs on a constraint stays; the index of a table of months goes with those of the months.
        var indexes = connection.Query<(string Name, string Sql)>(
            """
            SELECT i.indexrelid::regclass::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND NOT c.relispartition
              AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            """).ToList();
        indexes.ForEach(index => connection.Execute($"DROP INDEX {index.Name}"));
        connection.Execute("INSERT INTO callers VALUES (@Org, '\\x01', 'claude-code', '2.1.329', '{\"harness_id\":\"header:user-agent\"}')", new { Org });
        // Counted with the rows, as in the product.
        connection.Execute("ALTER TABLE exchanges ENABLE ALWAYS TRIGGER figures_1_added; ALTER TABLE figures ENABLE ALWAYS TRIGGER figure_days_1_added");
        await Task.WhenAll(
            Task.Run(() =>
            {
                Copy("sessions (org, session, is_placeholder, first_seen_at, last_seen_at, last_turn_at, last_turn_id, exchanges, turns, input, output, cost_nano_usd, nodes, harness_id, harness_session_id, id_origin, harness_version, name, cwd)", Enumerable.Range(0, traffic.Sessions).Select(Session));
                Copy("exchanges (ingested, exchange_id, org, own_session, session, captured_at, duration_us, ttfb_us, caller, stream, status, has_reply, is_turn, seq, retry_key, attempt, usage_final, input, cache_read, output, cost_nano_usd, root, leaf, chain_length, prompt_length, projection, request_bytes, request_truncated, response_bytes, response_truncated, request_sha256, response_sha256, content, door, capture_mode, method, http_version, upstream, provider, endpoint, outcome, operation, commit_key, path, model_requested, model_served, response_id, stop_reason, price_book, project, reply_text, reply_tools)", traffic.Turns().Select(Exchange));
                Copy("tool_calls (org, session, call_id, name, arguments, asked_at, asked_by, is_error, answered_at, answered_by)", traffic.Turns().Where(turn => turn.CallsTool).Select(Tool));
            }),
            Task.Run(() =>
            {
                Copy("nodes (org, hash, parent, depth, body_digest, role, body)", traffic.Turns().SelectMany(Nodes));
                Copy("session_nodes (org, session, hash, carried_at, carried_by)", traffic.Turns().SelectMany(Members));
                Copy("receipts (org, commit_key, content_hash, exchange_id, committed_at)", traffic.Turns().Select(Receipt));
            }));
        connection.Execute("ALTER TABLE exchanges ENABLE TRIGGER figures_1_added; ALTER TABLE figures ENABLE TRIGGER figure_days_1_added");
        connection.Execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 2");
        indexes.ForEach(index => connection.Execute(index.Sql, commandTimeout: 0));
        connection.Execute("UPDATE orgs SET ingested = (SELECT max(ingested) FROM exchanges)", commandTimeout: 0);
        connection.Execute("VACUUM (ANALYZE);", commandTimeout: 0);
    }

    private NpgsqlConnection Connect()
    {
        var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        // Rows that are made right need no check.
        connection.Execute("SET session_replication_role = replica; SET synchronous_commit = off");
        return connection;
    }

    private void Months(NpgsqlConnection connection)
    {
        var partitions = new PostgresPartitions(new PostgresStatements(connection));
        var first = Microseconds.ToTime(traffic.At(0, 0));
        partitions.Make(Enumerable.Range(0, 14).Select(month => new CapturedExchange
        {
            Id = ExchangeId.New(first.AddMonths(month)),
            CommitKey = "",
            Door = Door.Forwarding,
            CapturedAt = first.AddMonths(month),
            Method = "POST",
            Path = "/",
            Ending = Ending.Completed,
        }));
    }

    private void Copy(string table, IEnumerable<object?[]> rows)
    {
        using var connection = Connect();
        using var copy = new PostgresStatements(connection).Copy($"COPY {table} FROM STDIN (FORMAT BINARY)");
        copy.Timeout = TimeSpan.FromHours(1);
        foreach (var row in rows)
        {
            copy.WriteRow(row);
        }

        copy.Complete();
    }

    private object?[] Session(int one)
    {
        var (key, turns) = (MadeTraffic.Key(one), traffic.TurnsOf(one));
        return
        [
            Org, key.ToId(), 0L, traffic.At(one, 0), traffic.At(one, turns - 1), traffic.At(one, turns - 1), traffic.ExchangeId(one, turns - 1),
            (long)turns, (long)turns, turns * 120L, turns * 30L, turns * 1000L, turns * 2L, key.HarnessId, key.HarnessSessionId, "harness", "2.1.329", $"task {one}", $"/home/dev/project-{one % 500}",
        ];
    }

    private object?[] Exchange(MadeTurn turn)
    {
        var (owner, at, id) = (MadeTraffic.Key(turn.Session).ToId(), traffic.At(turn.Session, turn.Turn), traffic.ExchangeId(turn.Session, turn.Turn));
        var (text, model) = (id.ToString("D"), MadeTraffic.Model(turn.Session, turn.Turn));
        return
        [
            turn.Ordinal + 1L, id, Org, owner, owner, at, 2_000_000L, 400_000L, new byte[] { 1 }, 1L, 200L, 1L, 1L, turn.Turn + 1L, (long)turn.Ordinal * 7919, 1L, 1L, 20L, 100L, 30L, 1000L,
            MadeTraffic.NodeHash(turn.Session, 0), MadeTraffic.NodeHash(turn.Session, (2 * turn.Turn) + 1), (2L * turn.Turn) + 2, (2L * turn.Turn) + 1, 1L, 50_000L, 0L, 4_000L, 0L, SomeHash, SomeHash,
            "kept", "forwarding", "base_url", "POST", "HTTP/1.1", "anthropic", "anthropic", "messages", "completed", "chat", text, "/v1/messages",
            model, model, "msg_" + text, "end_turn", "genai-prices", MadeTraffic.Project(turn.Session), traffic.Text(turn.Session, (2 * turn.Turn) + 1).ToArray(),
            turn.CallsTool ? $$$"""[{"id":"{{{turn.CallId}}}","name":"Bash","arguments":{"command":"ls"}}]""" : null,
        ];
    }

    private object?[] Tool(MadeTurn turn)
    {
        var (at, id) = (traffic.At(turn.Session, turn.Turn), traffic.ExchangeId(turn.Session, turn.Turn));
        return [Org, MadeTraffic.Key(turn.Session).ToId(), turn.CallId, "Bash", """{"command":"ls"}""", at, id, 0L, at + 1, id];
    }

    private object?[] Receipt(MadeTurn turn)
    {
        var id = traffic.ExchangeId(turn.Session, turn.Turn);
        return [Org, id.ToString("D"), SomeHash, id, traffic.At(turn.Session, turn.Turn)];
    }

    private IEnumerable<object?[]> Nodes(MadeTurn turn)
    {
        for (var depth = 2 * turn.Turn; depth <= (2 * turn.Turn) + 1; depth++)
        {
            var hash = MadeTraffic.NodeHash(turn.Session, depth);
            yield return [Org, hash, depth == 0 ? null : MadeTraffic.NodeHash(turn.Session, depth - 1), (long)depth, hash[..16], depth % 2 == 0 ? "user" : "assistant", traffic.Body(turn.Session, depth)];
        }
    }

    private IEnumerable<object?[]> Members(MadeTurn turn)
    {
        var (owner, at, id) = (MadeTraffic.Key(turn.Session).ToId(), traffic.At(turn.Session, turn.Turn), traffic.ExchangeId(turn.Session, turn.Turn));
        yield return [Org, owner, MadeTraffic.NodeHash(turn.Session, 2 * turn.Turn), at, id];
        yield return [Org, owner, MadeTraffic.NodeHash(turn.Session, (2 * turn.Turn) + 1), at, id];
    }
}
