using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>What retention asks of the store: what is oldest, and to forget it. Each call takes part in the caller's transaction.</summary>
internal sealed class PostgresKeeping(NpgsqlConnection connection)
{
    public IReadOnlyList<HeldSession> OldestSessions(string orgId, DateTimeOffset before, int limit) => [.. connection.Query<(Guid Id, long At, long Exchanges, long Bytes)>(
        $"""
        SELECT s.session, s.last_seen_at, s.exchanges,
               (SELECT coalesce(sum(request_bytes + response_bytes), 0)::bigint FROM exchanges e WHERE e.org = s.org AND e.session = s.session AND {ForgottenWords.AreHeld})
        FROM sessions s
        WHERE s.org = @org AND coalesce(s.last_seen_at, -1) >= 0 AND coalesce(s.last_seen_at, -1) < @before AND s.pinned_at IS NULL AND s.erased_at IS NULL
        ORDER BY coalesce(s.last_seen_at, -1), s.session DESC LIMIT @limit
        """,
        new { org = PostgresValues.Org(orgId), before = Microseconds.Of(before), limit })
        .Select(row => new HeldSession(row.Id, Microseconds.ToTime(row.At), row.Exchanges, row.Bytes))];

    public IReadOnlyList<HeldExchange> OldestExchanges(string orgId, DateTimeOffset before, int limit) => [.. connection.Query<HeldRow>(
        $"""
        SELECT e.exchange_id, e.session, e.captured_at, e.body_journal, e.body_segment, e.body_offset, e.body_sequence, e.request_bytes + e.response_bytes AS bytes
        FROM exchanges e LEFT JOIN sessions s ON s.org = e.org AND s.session = e.session
        WHERE e.org = @org AND e.captured_at < @before AND {ForgottenWords.AreHeld} AND s.pinned_at IS NULL
        ORDER BY e.captured_at, e.exchange_id LIMIT @limit
        """,
        new { org = PostgresValues.Org(orgId), before = Microseconds.Of(before), limit }).Select(row => row.ToExchange())];

    public bool Pin(string orgId, Guid session, string reason, DateTimeOffset now) => connection.Execute(
        "UPDATE sessions SET pinned_at = coalesce(pinned_at, @at), pin_reason = @reason WHERE org = @org AND session = @session",
        new { org = PostgresValues.Org(orgId), session, reason, at = Microseconds.Of(now) }) == 1;

    public bool Unpin(string orgId, Guid session) => connection.Execute(
        "UPDATE sessions SET pinned_at = NULL, pin_reason = NULL WHERE org = @org AND session = @session", new { org = PostgresValues.Org(orgId), session }) == 1;

    public bool Erase(string orgId, Guid session, bool facts, DateTimeOffset now)
    {
        var org = PostgresValues.Org(orgId);
        var told = connection.QueryFirstOrDefault<string>("SELECT facts FROM sessions WHERE org = @org AND session = @session FOR UPDATE", new { org, session });
        if (told is null)
        {
            return false;
        }

        var blobs = Blobs("org = @org AND session = @session", new { org, session });
        connection.Execute(
            $"""
            UPDATE exchanges SET content = '{ForgottenWords.Erased}', {ForgottenWords.Columns} WHERE org = @org AND session = @session;
            UPDATE tool_calls SET arguments = NULL WHERE org = @org AND session = @session;
            UPDATE sessions SET facts = @bare, user_agent = NULL, name = NULL, cwd = NULL, metadata = NULL, erased_at = @at WHERE org = @org AND session = @session
            """,
            new { org, session, bare = SessionFacts.Parse(told).Bare().ToJson(), at = Microseconds.Of(now) });
        Sweep(org, session);
        RemoveBlobs(org, blobs);
        if (facts)
        {
            RemoveFacts(org, session);
        }

        return true;
    }

    public int Expire(string orgId, IReadOnlyCollection<Guid> exchanges)
    {
        const string Those = "org = @org AND exchange_id = ANY (@ids) AND " + ForgottenWords.AreHeld;
        var org = PostgresValues.Org(orgId);
        var parameters = new { org, ids = exchanges.ToArray() };
        var sessions = connection.Query<Guid?>($"SELECT DISTINCT session FROM exchanges WHERE {Those} ORDER BY session", parameters).AsList();
        var blobs = Blobs(Those, parameters);
        foreach (var session in sessions.OfType<Guid>())
        {
            connection.Execute("SELECT 1 FROM sessions WHERE org = @org AND session = @session FOR UPDATE", new { org, session });
        }

        var expired = connection.Execute($"UPDATE exchanges SET content = '{ForgottenWords.Expired}', {ForgottenWords.Columns} WHERE {Those}", parameters);
        sessions.OfType<Guid>().ToList().ForEach(session => Sweep(org, session));
        RemoveBlobs(org, blobs);
        return expired;
    }

    private List<byte[]> Blobs(string condition, object parameters) => connection.Query<byte[]>(
        $"SELECT system FROM exchanges WHERE {condition} AND system IS NOT NULL UNION SELECT tools FROM exchanges WHERE {condition} AND tools IS NOT NULL", parameters).AsList();

    // A session keeps the messages of the exchanges that still hold theirs; what no session has any more goes, from the leaves up.
    private void Sweep(Guid org, Guid session)
    {
        var gone = connection.Query<byte[]>(
            """
            WITH RECURSIVE held (hash) AS (
              SELECT leaf FROM exchanges WHERE org = @org AND own_session = @session AND leaf IS NOT NULL
              UNION
              SELECT n.parent FROM held h JOIN nodes n ON n.org = @org AND n.hash = h.hash WHERE n.parent IS NOT NULL
            )
            SELECT m.hash FROM session_nodes m JOIN nodes n ON n.org = m.org AND n.hash = m.hash
            WHERE m.org = @org AND m.session = @session AND m.hash NOT IN (SELECT hash FROM held) ORDER BY n.depth DESC
            """,
            new { org, session }).AsList();
        foreach (var hash in gone)
        {
            connection.Execute(
                """
                DELETE FROM session_nodes WHERE org = @org AND session = @session AND hash = @hash;
                DELETE FROM nodes WHERE org = @org AND hash = @hash
                  AND NOT EXISTS (SELECT 1 FROM session_nodes WHERE org = @org AND hash = @hash)
                  AND NOT EXISTS (SELECT 1 FROM nodes WHERE org = @org AND parent = @hash)
                  AND NOT EXISTS (SELECT 1 FROM exchanges WHERE org = @org AND leaf = @hash)
                """,
                new { org, session, hash });
        }

        connection.Execute("UPDATE sessions SET nodes = nodes - @count WHERE org = @org AND session = @session", new { org, session, count = (long)gone.Count });
    }

    private void RemoveBlobs(Guid org, List<byte[]> blobs)
    {
        foreach (var hash in blobs)
        {
            connection.Execute(
                """
                DELETE FROM blobs WHERE org = @org AND hash = @hash
                  AND NOT EXISTS (SELECT 1 FROM exchanges WHERE org = @org AND system = @hash)
                  AND NOT EXISTS (SELECT 1 FROM exchanges WHERE org = @org AND tools = @hash)
                """,
                new { org, hash });
        }
    }

    // Its place stays where others name it as their parent.
    private void RemoveFacts(Guid org, Guid session) => connection.Execute(
        $$"""
        INSERT INTO archived AS a (org, session, {{SessionTotals.Columns}}, first_seen_at, last_seen_at)
        SELECT org, session, {{SessionTotals.Columns}}, first_seen_at, last_seen_at FROM sessions WHERE org = @org AND session = @session
        ON CONFLICT (org, session) DO UPDATE SET {{string.Join(", ", SessionTotals.Names.Select(name => $"{name} = a.{name} + excluded.{name}"))}},
          first_seen_at = least(a.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at);
        DELETE FROM exchanges WHERE org = @org AND session = @session;
        DELETE FROM tool_calls WHERE org = @org AND session = @session;
        DELETE FROM responses WHERE org = @org AND session = @session;
        DELETE FROM parent_claims WHERE org = @org AND session = @session;
        UPDATE sessions SET named_by = named_by - 1 WHERE org = @org AND session = (SELECT claimed_parent FROM sessions WHERE org = @org AND session = @session);
        UPDATE sessions SET is_placeholder = 1, facts = '{}', id_origin = NULL, auth_subject = NULL, harness_version = NULL, first_seen_at = NULL, last_seen_at = NULL,
          last_turn_at = NULL, last_turn_id = NULL, claimed_parent = NULL, parent = NULL, claim_harness_id = NULL, claim_session_id = NULL, parent_resolution = NULL,
          pinned_at = NULL, pin_reason = NULL, {{string.Join(", ", SessionTotals.Names.Select(name => $"{name} = 0"))}}
        WHERE org = @org AND session = @session;
        DELETE FROM sessions WHERE org = @org AND is_placeholder = 1 AND named_by = 0
        """,
        new { org, session });

    private sealed class HeldRow
    {
        public Guid ExchangeId { get; init; }
        public Guid? Session { get; init; }
        public long CapturedAt { get; init; }
        public Guid? BodyJournal { get; init; }
        public long? BodySegment { get; init; }
        public long? BodyOffset { get; init; }
        public long? BodySequence { get; init; }
        public long Bytes { get; init; }

        public HeldExchange ToExchange() => new(
            ExchangeId,
            Session,
            Microseconds.ToTime(CapturedAt),
            BodyJournal is { } journal ? new JournalPosition(journal, BodySegment ?? 0, BodyOffset ?? 0, BodySequence ?? 0) : null,
            Bytes);
    }
}
