using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>What retention asks of the store: what is oldest, and to forget it. Each call takes part in the caller's transaction.</summary>
internal sealed class SqliteKeeping(SqliteConnection connection)
{
    public IReadOnlyList<HeldSession> OldestSessions(string org, DateTimeOffset before, int limit) => [.. connection.Query<(string Id, long At, long Exchanges, long Bytes)>(
        $"""
        SELECT s.session_id, s.last_seen_at, s.exchanges, (SELECT coalesce(sum(request_bytes + response_bytes), 0) FROM exchanges e WHERE e.session = s.session AND {ForgottenWords.AreHeld})
        FROM sessions s JOIN orgs o ON o.org = s.org
        WHERE o.org_id = @org AND coalesce(s.last_seen_at, -1) >= 0 AND coalesce(s.last_seen_at, -1) < @before AND s.pinned_at IS NULL AND s.erased_at IS NULL
        ORDER BY coalesce(s.last_seen_at, -1), s.session_id DESC LIMIT @limit
        """,
        new { org, before = Microseconds.Of(before), limit }).Select(row => new HeldSession(Guid.Parse(row.Id), Microseconds.ToTime(row.At), row.Exchanges, row.Bytes))];

    public IReadOnlyList<HeldExchange> OldestExchanges(string org, DateTimeOffset before, int limit) => [.. connection.Query<HeldRow>(
        $"""
        SELECT e.exchange_id, s.session_id, e.captured_at, j.journal_id, e.body_segment, e.body_offset, e.body_sequence, e.request_bytes + e.response_bytes AS bytes
        FROM exchanges e JOIN orgs o ON o.org = e.org LEFT JOIN sessions s ON s.session = e.session LEFT JOIN journals j ON j.journal = e.body_journal
        WHERE o.org_id = @org AND e.captured_at < @before AND {ForgottenWords.AreHeld} AND s.pinned_at IS NULL
        ORDER BY e.captured_at, e.exchange_id LIMIT @limit
        """,
        new { org, before = Microseconds.Of(before), limit }).Select(row => row.ToExchange())];

    public bool Pin(string org, Guid session, string reason, DateTimeOffset now) => connection.Execute(
        "UPDATE sessions SET pinned_at = coalesce(pinned_at, @at), pin_reason = @reason WHERE session = @row", new { row = Row(org, session), reason, at = Microseconds.Of(now) }) == 1;

    public bool Unpin(string org, Guid session) =>
        connection.Execute("UPDATE sessions SET pinned_at = NULL, pin_reason = NULL WHERE session = @row", new { row = Row(org, session) }) == 1;

    public bool Erase(string org, Guid session, bool facts, DateTimeOffset now)
    {
        if (Row(org, session) is not { } row)
        {
            return false;
        }

        var blobs = Blobs("session = @row", new { row });
        connection.Execute($"UPDATE exchanges SET content = '{ForgottenWords.Erased}', {ForgottenWords.Columns} WHERE session = @row", new { row });
        connection.Execute("UPDATE tool_calls SET arguments = NULL WHERE session = @row", new { row });
        var bare = SessionFacts.Parse(connection.QuerySingle<string>("SELECT facts FROM sessions WHERE session = @row", new { row })).Bare();
        connection.Execute(
            "UPDATE sessions SET facts = @facts, user_agent = NULL, name = NULL, cwd = NULL, metadata = NULL, erased_at = @at WHERE session = @row",
            new { row, facts = bare.ToJson(), at = Microseconds.Of(now) });
        Sweep(row, blobs);
        if (facts)
        {
            RemoveFacts(row);
        }

        return true;
    }

    public int Expire(string org, IReadOnlyCollection<Guid> exchanges)
    {
        var ids = exchanges.Select(id => id.Bytes()).ToArray();
        var parameters = new { org, ids };
        const string Those = "exchange_id IN @ids AND org = (SELECT org FROM orgs WHERE org_id = @org) AND " + ForgottenWords.AreHeld;
        var sessions = connection.Query<long?>($"SELECT DISTINCT session FROM exchanges WHERE {Those}", parameters).AsList();
        var blobs = Blobs(Those, parameters);
        var expired = connection.Execute($"UPDATE exchanges SET content = '{ForgottenWords.Expired}', {ForgottenWords.Columns} WHERE {Those}", parameters);
        foreach (var session in sessions.OfType<long>())
        {
            Sweep(session, []);
        }

        RemoveBlobs(blobs);
        return expired;
    }

    private long? Row(string org, Guid session) => connection.QueryFirstOrDefault<long?>(
        "SELECT s.session FROM sessions s JOIN orgs o ON o.org = s.org WHERE o.org_id = @org AND s.session_id = @id", new { org, id = session.ToString("D") });

    private List<long> Blobs(string condition, object parameters) => connection.Query<long>(
        $"SELECT system FROM exchanges WHERE {condition} AND system IS NOT NULL UNION SELECT tools FROM exchanges WHERE {condition} AND tools IS NOT NULL", parameters).AsList();

    // A session keeps the messages of the exchanges that still hold theirs; what no session has any more goes, from the leaves up.
    private void Sweep(long session, List<long> blobs)
    {
        var gone = connection.Query<long>(
            """
            WITH RECURSIVE held (node) AS (
              SELECT leaf FROM exchanges WHERE own_session = @session AND leaf IS NOT NULL
              UNION
              SELECT n.parent FROM held h JOIN nodes n ON n.node = h.node WHERE n.parent IS NOT NULL
            )
            SELECT m.node FROM session_nodes m JOIN nodes n ON n.node = m.node WHERE m.session = @session AND m.node NOT IN (SELECT node FROM held) ORDER BY n.depth DESC
            """,
            new { session }).AsList();
        foreach (var node in gone)
        {
            connection.Execute("DELETE FROM session_nodes WHERE session = @session AND node = @node", new { session, node });
            connection.Execute(
                """
                DELETE FROM nodes WHERE node = @node
                  AND NOT EXISTS (SELECT 1 FROM session_nodes WHERE node = @node)
                  AND NOT EXISTS (SELECT 1 FROM nodes c WHERE c.parent = @node)
                  AND NOT EXISTS (SELECT 1 FROM exchanges WHERE leaf = @node)
                """,
                new { node });
        }

        connection.Execute("UPDATE sessions SET nodes = nodes - @count WHERE session = @session", new { session, count = gone.Count });
        RemoveBlobs(blobs);
    }

    private void RemoveBlobs(List<long> blobs)
    {
        foreach (var blob in blobs)
        {
            connection.Execute("DELETE FROM blobs WHERE blob = @blob AND NOT EXISTS (SELECT 1 FROM exchanges WHERE system = @blob OR tools = @blob)", new { blob });
        }
    }

    // Its place stays where others name it as their parent.
    private void RemoveFacts(long row) => connection.Execute(
        $$"""
        INSERT INTO archived (org, session_id, {{SessionTotals.Columns}}, first_seen_at, last_seen_at)
        SELECT org, session_id, {{SessionTotals.Columns}}, first_seen_at, last_seen_at FROM sessions WHERE session = @row
        ON CONFLICT DO UPDATE SET {{string.Join(", ", SessionTotals.Names.Select(name => $"{name} = {name} + excluded.{name}"))}},
          first_seen_at = min(first_seen_at, excluded.first_seen_at), last_seen_at = max(last_seen_at, excluded.last_seen_at);
        DELETE FROM exchanges WHERE session = @row;
        DELETE FROM tool_calls WHERE session = @row;
        DELETE FROM responses WHERE session = @row;
        DELETE FROM parent_claims WHERE session = @row;
        UPDATE sessions SET named_by = named_by - 1 WHERE session = (SELECT claimed_parent FROM sessions WHERE session = @row);
        UPDATE sessions SET is_placeholder = 1, facts = '{}', id_origin = NULL, auth_subject = NULL, harness_version = NULL, first_seen_at = NULL, last_seen_at = NULL,
          last_turn_at = NULL, last_turn_id = NULL, claimed_parent = NULL, parent = NULL, claim_harness_id = NULL, claim_session_id = NULL, parent_resolution = NULL,
          pinned_at = NULL, pin_reason = NULL, {{string.Join(", ", SessionTotals.Names.Select(name => $"{name} = 0"))}}
        WHERE session = @row;
        DELETE FROM sessions WHERE is_placeholder = 1 AND named_by = 0;
        """,
        new { row });

    private sealed class HeldRow
    {
        public byte[] ExchangeId { get; init; } = [];
        public string? SessionId { get; init; }
        public long CapturedAt { get; init; }
        public byte[]? JournalId { get; init; }
        public long? BodySegment { get; init; }
        public long? BodyOffset { get; init; }
        public long? BodySequence { get; init; }
        public long Bytes { get; init; }

        public HeldExchange ToExchange() => new(
            new Guid(ExchangeId, bigEndian: true),
            SessionId is null ? null : Guid.Parse(SessionId),
            Microseconds.ToTime(CapturedAt),
            JournalId is null ? null : new JournalPosition(new Guid(JournalId, bigEndian: true), BodySegment ?? 0, BodyOffset ?? 0, BodySequence ?? 0),
            Bytes);
    }
}
