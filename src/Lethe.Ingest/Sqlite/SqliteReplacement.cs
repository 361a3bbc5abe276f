using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Takes out a told turn that is told anew: its row, its numbers in the session's counters, its message, its tool calls and what it is found by. Takes part in the caller's transaction.</summary>
internal sealed class SqliteReplacement(SqliteConnection connection)
{
    private const string Find = """
        SELECT e.ingested, e.session, e.leaf, e.seq, e.captured_at, j.journal_id AS journal, e.body_segment AS segment, e.body_offset AS place, e.body_sequence AS sequence
        FROM exchanges e
        LEFT JOIN journals j ON j.journal = e.body_journal
        WHERE e.exchange_id = @id
        """;

    // What the figures' own view says of the row.
    private static readonly IEnumerable<string> Counted = ExchangeSums.Columns.Select(column => column.Name).Append("failed_cost_nano_usd");

    private static readonly string TakeOut = $"""
        DELETE FROM search_words WHERE rowid BETWEEN @Ingested * {SearchCursor.PartCount} AND @Ingested * {SearchCursor.PartCount} + {SearchCursor.PartCount - 1};
        DELETE FROM search_code WHERE rowid BETWEEN @Ingested * {SearchCursor.PartCount} AND @Ingested * {SearchCursor.PartCount} + {SearchCursor.PartCount - 1};
        UPDATE figures
        SET {string.Join(", ", Counted.Select(name => $"{name} = {name} - (SELECT {name} FROM exchange_figures WHERE ingested = @Ingested)"))}
        WHERE (org, hour, harness_id, model, project, kind, is_agent) =
              (SELECT org, hour, harness_id, model, project, kind, is_agent FROM exchange_figures WHERE ingested = @Ingested);
        DELETE FROM figures WHERE (org, hour) = (SELECT org, hour FROM exchange_figures WHERE ingested = @Ingested) AND exchanges = 0;
        UPDATE sessions
        SET {string.Join(", ", ExchangeSums.Columns.Select(column => $"{column.Name} = {column.Name} - (SELECT {column.Sum} FROM exchanges e WHERE e.ingested = @Ingested)"))},
            tool_calls = tool_calls - (SELECT count(*) FROM tool_calls WHERE session = @Session AND asked_by = @id)
        WHERE session = @Session;
        DELETE FROM tool_calls WHERE session = @Session AND asked_by = @id AND answered_by IS NULL;
        UPDATE tool_calls SET asked_at = NULL, asked_by = NULL, name = NULL, arguments = NULL WHERE session = @Session AND asked_by = @id;
        UPDATE exchanges SET seq = seq - 1 WHERE session = @Session AND seq > @Seq;
        DELETE FROM exchanges WHERE ingested = @Ingested;
        UPDATE sessions
        SET first_seen_at = (SELECT min(at) FROM (SELECT captured_at AS at FROM exchanges WHERE session = @Session
                             UNION ALL SELECT first_seen_at FROM archived a WHERE a.org = sessions.org AND a.session_id = sessions.session_id)),
            last_seen_at = (SELECT max(at) FROM (SELECT captured_at AS at FROM exchanges WHERE session = @Session
                            UNION ALL SELECT last_seen_at FROM archived a WHERE a.org = sessions.org AND a.session_id = sessions.session_id))
        WHERE session = @Session;
        """;

    // Another turn of the session may have said the same, or have been said upon it.
    private const string LeaveMessage = """
        UPDATE session_nodes
        SET (carried_at, carried_by) = (
          SELECT captured_at, exchange_id FROM exchanges WHERE session = @Session AND leaf = @Leaf
          UNION ALL
          SELECT m.carried_at, m.carried_by FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @Session AND n.parent = @Leaf
          ORDER BY 1, 2
          LIMIT 1)
        WHERE session = @Session AND node = @Leaf AND carried_by = @id AND @isCarried;
        DELETE FROM session_nodes WHERE session = @Session AND node = @Leaf AND carried_by = @id;
        UPDATE sessions SET nodes = nodes - 1 WHERE session = @Session AND NOT @isCarried;
        DELETE FROM nodes
        WHERE node = @Leaf AND NOT EXISTS (SELECT 1 FROM session_nodes WHERE node = @Leaf) AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.parent = @Leaf)
          AND NOT EXISTS (SELECT 1 FROM exchanges WHERE leaf = @Leaf);
        """;

    private const string IsCarried = """
        SELECT EXISTS (SELECT 1 FROM exchanges WHERE session = @Session AND leaf = @Leaf)
            OR EXISTS (SELECT 1 FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @Session AND n.parent = @Leaf)
        """;

    /// <summary>Where the stored one was read from; null where that is not known.</summary>
    public JournalPosition? PlaceOf(ExchangeId stored) => Row(stored)?.At;

    public void Run(ExchangeId stored)
    {
        if (Row(stored) is not { } row)
        {
            // Retention has taken it: its numbers are archived, and stay.
            return;
        }

        var id = stored.Value.Bytes();
        connection.Execute(TakeOut, new { id, row.Ingested, row.Session, row.Seq });
        if (row is { Leaf: { } leaf, Session: not null })
        {
            var isCarried = connection.ExecuteScalar<bool>(IsCarried, new { row.Session, Leaf = leaf });
            connection.Execute(LeaveMessage, new { id, row.Session, Leaf = leaf, isCarried });
        }
    }

    private StoredTurn? Row(ExchangeId stored) => connection.QueryFirstOrDefault<StoredTurn>(Find, new { id = stored.Value.Bytes() });

    private sealed class StoredTurn
    {
        public long Ingested { get; init; }
        public long? Session { get; init; }
        public long? Leaf { get; init; }
        public long? Seq { get; init; }
        public Guid? Journal { get; init; }
        public long? Segment { get; init; }
        public long? Place { get; init; }
        public long? Sequence { get; init; }

        public JournalPosition? At => Journal is { } journal ? new JournalPosition(journal, Segment!.Value, Place!.Value, Sequence!.Value) : null;
    }
}
