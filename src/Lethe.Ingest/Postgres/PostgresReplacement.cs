using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Verifying;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Takes out a told turn that is told anew: its row, its numbers in the session's counters, its message, its tool calls and what it is found by. Takes part in the caller's transaction.</summary>
internal sealed class PostgresReplacement(PostgresStatements statements)
{
    private const string Old = "e.org = $1 AND e.captured_at = $2 AND e.exchange_id = $3";

    private const string Carriers = """
        SELECT captured_at, exchange_id FROM exchanges WHERE org = $1 AND session = $2 AND leaf = $3
        UNION ALL
        SELECT m.carried_at, m.carried_by FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash WHERE m.org = $1 AND m.session = $2 AND n.parent = $3
        ORDER BY 1, 2
        LIMIT 1
        """;

    private const string SeenAnew = """
        UPDATE sessions s
        SET first_seen_at = (SELECT min(at) FROM (SELECT captured_at AS at FROM exchanges WHERE org = $1 AND session = $2
                             UNION ALL SELECT first_seen_at FROM archived a WHERE a.org = $1 AND a.session = $2) t),
            last_seen_at = (SELECT max(at) FROM (SELECT captured_at AS at FROM exchanges WHERE org = $1 AND session = $2
                            UNION ALL SELECT last_seen_at FROM archived a WHERE a.org = $1 AND a.session = $2) t)
        WHERE org = $1 AND session = $2
        """;

    private const string DropMessage = """
        DELETE FROM nodes n
        WHERE org = $1 AND hash = $2 AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.org = $1 AND m.hash = $2)
          AND NOT EXISTS (SELECT 1 FROM nodes c WHERE c.org = $1 AND c.parent = $2) AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.org = $1 AND e.leaf = $2)
        """;

    private static readonly string Uncount = $"""
        UPDATE sessions
        SET {string.Join(", ", ExchangeSums.Columns.Select(column => $"{column.Name} = {column.Name} - (SELECT {column.Sum} FROM exchanges e WHERE {Old})"))},
            tool_calls = tool_calls - (SELECT count(*) FROM tool_calls WHERE org = $1 AND session = $4 AND asked_by = $3)
        WHERE org = $1 AND session = $4
        """;

    private static readonly string UncountFigures = $"""
        UPDATE figures f
        SET {string.Join(", ", ExchangeSums.Columns.Select(column => $"{column.Name} = f.{column.Name} - (SELECT {column.Sum} FROM exchanges e WHERE {Old})"))},
            failed_cost_nano_usd = f.failed_cost_nano_usd - CASE x.is_turn WHEN 0 THEN greatest(coalesce(x.cost_nano_usd, 0), 0) ELSE 0 END
        FROM exchanges x
        JOIN callers c ON c.org = x.org AND c.caller = x.caller
        WHERE x.org = $1 AND x.captured_at = $2 AND x.exchange_id = $3
          AND f.org = x.org AND f.hour = x.captured_at - x.captured_at % 3600000000 AND f.harness_id = c.harness_id
          AND f.model = coalesce(x.model_served, x.model_requested, '') AND f.project = coalesce(x.project, '') AND f.kind = coalesce(x.request_kind, '')
          AND f.is_agent = CASE WHEN x.thread_id IS NULL THEN 0 ELSE 1 END
        """;

    private const string DropEmptyFigures = "DELETE FROM figures WHERE org = $1 AND hour = $2 - $2 % 3600000000 AND exchanges = 0";

    /// <summary>Where the stored one was read from; null where that is not known.</summary>
    public JournalPosition? PlaceOf(Guid org, ExchangeId stored) => Row(org, stored)?.At;

    public void Run(Guid org, ExchangeId stored)
    {
        if (Row(org, stored) is not { Session: { } session } row)
        {
            // Retention has taken it: its numbers are archived, and stay.
            return;
        }

        var id = stored.Value;
        statements.Run("INSERT INTO search_leaving SELECT org, ingested FROM exchanges e WHERE " + Old, Of(org), Of(row.CapturedAt), Of(id));
        statements.Run(UncountFigures, Of(org), Of(row.CapturedAt), Of(id));
        statements.Run(DropEmptyFigures, Of(org), Of(row.CapturedAt));
        statements.Run(Uncount, Of(org), Of(row.CapturedAt), Of(id), Of(session));
        statements.Run("DELETE FROM tool_calls WHERE org = $1 AND session = $2 AND asked_by = $3 AND answered_by IS NULL", Of(org), Of(session), Of(id));
        statements.Run(
            "UPDATE tool_calls SET asked_at = NULL, asked_by = NULL, name = NULL, arguments = NULL WHERE org = $1 AND session = $2 AND asked_by = $3",
            Of(org), Of(session), Of(id));
        statements.Run("UPDATE exchanges SET seq = seq - 1 WHERE org = $1 AND session = $2 AND seq > $3", Of(org), Of(session), Of(row.Seq));
        statements.Run($"DELETE FROM exchanges e WHERE {Old}", Of(org), Of(row.CapturedAt), Of(id));
        statements.Run(SeenAnew, Of(org), Of(session));
        if (row.Leaf is { } leaf)
        {
            LeaveMessage(org, session, leaf, id);
        }
    }

    // Another turn of the session may have said the same, or have been said upon it.
    private void LeaveMessage(Guid org, Guid session, byte[] leaf, Guid id)
    {
        var carriers = statements.Query(Carriers, row => (At: row.GetInt64(0), By: row.GetGuid(1)), Of(org), Of(session), Of(leaf));
        if (carriers.Count > 0)
        {
            statements.Run(
                "UPDATE session_nodes SET carried_at = $4, carried_by = $5 WHERE org = $1 AND session = $2 AND hash = $3 AND carried_by = $6",
                Of(org), Of(session), Of(leaf), Of(carriers[0].At), Of(carriers[0].By), Of(id));
            return;
        }

        statements.Run("DELETE FROM session_nodes WHERE org = $1 AND session = $2 AND hash = $3", Of(org), Of(session), Of(leaf));
        statements.Run("UPDATE sessions SET nodes = nodes - 1 WHERE org = $1 AND session = $2", Of(org), Of(session));
        statements.Run(DropMessage, Of(org), Of(leaf));
    }

    private StoredTurn? Row(Guid org, ExchangeId stored) => statements.Query(
        """
        SELECT captured_at, session, leaf, seq, body_journal, body_segment, body_offset, body_sequence
        FROM exchanges e
        WHERE e.org = $1 AND e.exchange_id = $2
        """,
        row => new StoredTurn(
            row.GetInt64(0),
            row.Id(1),
            row.Bytes(2),
            row.Long(3),
            row.Id(4) is { } journal ? new JournalPosition(journal, row.GetInt64(5), row.GetInt64(6), row.GetInt64(7)) : null),
        Of(org),
        Of(stored.Value)).FirstOrDefault();

    private sealed record StoredTurn(long CapturedAt, Guid? Session, byte[]? Leaf, long? Seq, JournalPosition? At);
}
