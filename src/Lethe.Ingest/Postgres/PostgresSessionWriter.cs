using Lethe.Ingest.Meaning;
using Npgsql;
using static Lethe.Ingest.Postgres.PostgresStatements;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Writes sessions, their claims and what hangs on them.</summary>
internal sealed class PostgresSessionWriter(PostgresStatements statements)
{
    private const int FirstTotal = 16;

    private static readonly string UpdateSql = $"""
        UPDATE sessions
        SET is_placeholder = $3, facts = $4, id_origin = $5, auth_subject = $6, harness_version = $7, user_agent = $8, name = $9, cwd = $10, metadata = $11,
            first_seen_at = $12, last_seen_at = $13, last_turn_at = $14, last_turn_id = $15, named_by = named_by + $16,
            {string.Join(", ", SessionTotals.Names.Select((name, i) => $"{name} = {name} + ${FirstTotal + 1 + i}"))}
        WHERE org = $1 AND session = $2
        """;

    private const string LinkSql = """
        UPDATE sessions
        SET claim_harness_id = nullif($3, ''), claim_session_id = $4, claimed_parent = $5, parent = $6, parent_resolution = $7, merged_into = $8
        WHERE org = $1 AND session = $2
        """;

    private const string ClaimSql = """
        INSERT INTO parent_claims
          (org, session, parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (org, session, parent_harness_id, parent_session_id) DO UPDATE SET
          first_claimed_at = excluded.first_claimed_at, first_claimed_by = excluded.first_claimed_by,
          last_claimed_at = excluded.last_claimed_at, last_claimed_by = excluded.last_claimed_by
        """;

    private const string TimesSql = """
        UPDATE sessions s
        SET first_seen_at = e.first, last_seen_at = e.last
        FROM (
          SELECT min(first) AS first, max(last) AS last
          FROM (SELECT min(captured_at) AS first, max(captured_at) AS last FROM exchanges WHERE org = $1 AND session = $2
                UNION ALL SELECT first_seen_at, last_seen_at FROM archived WHERE org = $1 AND session = $2) t) e
        WHERE s.org = $1 AND s.session = $2
        RETURNING s.first_seen_at, s.last_seen_at
        """;

    private const string RenumberSql = """
        UPDATE exchanges e
        SET seq = (SELECT turns FROM sessions WHERE org = $1 AND session = $2) - l.later + l.place
        FROM (
          SELECT captured_at, exchange_id, row_number() OVER (ORDER BY captured_at, exchange_id) AS place, count(*) OVER () AS later
          FROM exchanges
          WHERE org = $1 AND session = $2 AND is_turn = 1 AND (captured_at, exchange_id) >= ($3, $4)
        ) l
        WHERE e.org = $1 AND e.captured_at = l.captured_at AND e.exchange_id = l.exchange_id
        """;

    private const string MoveAnswers = "UPDATE responses SET session = $3 WHERE org = $1 AND session = $2";

    private static readonly string[] MergeSql =
    [
        "UPDATE exchanges SET session = $3, own_session = CASE own_session WHEN $2 THEN $3 ELSE own_session END WHERE org = $1 AND session = $2",
        MoveAnswers,
        "DELETE FROM session_nodes WHERE org = $1 AND session = $2 AND $2 <> $3",
        "DELETE FROM tool_calls WHERE org = $1 AND session = $2 AND $2 <> $3",
        $"""
        INSERT INTO archived AS a (org, session, {SessionTotals.Columns}, first_seen_at, last_seen_at)
        SELECT o.org, $3, {PostgresRecordsOut.Sums} FROM archived o WHERE o.org = $1 AND o.session = $2
        {PostgresRecordsOut.Add}
        """,
        "DELETE FROM archived WHERE org = $1 AND session = $2 AND $2 <> $3",
        "UPDATE sessions SET pinned_at = coalesce(pinned_at, (SELECT f.pinned_at FROM sessions f WHERE f.org = $1 AND f.session = $2)) WHERE org = $1 AND session = $3",
        "UPDATE sessions SET pinned_at = NULL, pin_reason = NULL WHERE org = $1 AND session = $2 AND $2 <> $3",
        "UPDATE sessions SET named_by = named_by + (SELECT count(*) FROM sessions a WHERE a.org = $1 AND a.merged_into = $2) WHERE org = $1 AND session = $3",
        "UPDATE sessions SET named_by = named_by - (SELECT count(*) FROM sessions a WHERE a.org = $1 AND a.merged_into = $2) WHERE org = $1 AND session = $2 AND $2 <> $3",
        "UPDATE sessions SET merged_into = $3 WHERE org = $1 AND merged_into = $2",
    ];

    private readonly PostgresExchangeMoving moving = new(statements);

    /// <summary>Gives new sessions their rows; nothing is in them yet.</summary>
    public void Begin(WorkingSet set)
    {
        var fresh = set.Changed.Where(session => !session.IsStored && !session.IsRemoved).OrderBy(session => session.Key.OrgId).ThenBy(session => session.Id).ToList();
        if (fresh.Count == 0)
        {
            return;
        }

        var begun = statements.Run(
            """
            INSERT INTO sessions (org, session, harness_id, harness_session_id, is_placeholder)
            SELECT org, session, harness, id, 1 FROM unnest($1, $2, $3, $4) k (org, session, harness, id)
            ON CONFLICT DO NOTHING
            """,
            Of(fresh.Select(session => Org(session.Key.OrgId))),
            Of(fresh.Select(session => session.Id)),
            Of(fresh.Select(session => session.Key.HarnessId)),
            Of(fresh.Select(session => session.Key.HarnessSessionId)));
        if (begun != fresh.Count)
        {
            throw new OvertakenException("A session was begun by another recorder meanwhile.");
        }
    }

    /// <summary>Called when exchanges, members and tool calls are written.</summary>
    public void Write(WorkingSet set)
    {
        set.MovedExchanges.ForEach(moving.Run);
        using (var batch = statements.Batch())
        {
            foreach (var (_, from, into) in set.MovedExchanges.Where(moved => moved.From.IsRemoved))
            {
                Add(batch, MoveAnswers, Of(Org(from.Key.OrgId)), Of(from.Id), Of(into.Id));
            }

            foreach (var (from, into) in set.Merged.Where(merged => merged.From.IsStored))
            {
                foreach (var sql in MergeSql)
                {
                    Add(batch, sql, Of(Org(from.Key.OrgId)), Of(from.Id), Of(into.Id));
                }
            }

            foreach (var session in set.Changed.Where(session => session.IsStored || !session.IsRemoved))
            {
                Update(batch, session);
            }

            foreach (var session in set.Changed.Where(session => session is { IsRemoved: true, IsStored: true }))
            {
                Add(batch, "DELETE FROM sessions WHERE org = $1 AND session = $2", Of(Org(session.Key.OrgId)), Of(session.Id));
            }

            foreach (var session in set.Changed.Where(session => session is { IsRemoved: false, RenumberFrom: not null }))
            {
                var from = session.RenumberFrom!.Value;
                Add(batch, RenumberSql, Of(Org(session.Key.OrgId)), Of(session.Id), Of(from.At), Of(from.Id));
            }

            PostgresStatements.Run(batch);
        }

        foreach (var session in set.Changed.Where(session => session is { IsRemoved: false, TimesAnew: true }))
        {
            var times = statements.Query(TimesSql, row => (row.Long(0), row.Long(1)), Of(Org(session.Key.OrgId)), Of(session.Id));
            (session.FirstSeenAt, session.LastSeenAt) = times[0];
        }
    }

    private static void Update(NpgsqlBatch batch, SessionState session)
    {
        var facts = session.Facts;
        var (org, id) = (Org(session.Key.OrgId), session.Id);
        var update = Add(
            batch, UpdateSql, Of(org), Of(id), Of(session.IsPlaceholder ? 1L : 0L), Of(facts.ToJson()), Of(facts[SessionFacts.IdOrigin]),
            Of(facts[SessionFacts.AuthSubject]), Of(facts[SessionFacts.HarnessVersion]), Of(facts[SessionFacts.UserAgent]), Of(facts[SessionFacts.Name]),
            Of(facts[SessionFacts.Cwd]), Of(facts.Metadata()), Of(session.FirstSeenAt), Of(session.LastSeenAt), Of(session.LastTurn?.At),
            Of(session.LastTurn?.Id), Of(session.NamedByAdded));
        for (var i = 0; i < SessionTotals.Count; i++)
        {
            update.Parameters.Add(Of(session.Added[i]));
        }

        if (session.LinkChanged)
        {
            Add(
                batch, LinkSql, Of(org), Of(id), Of(session.Claimed?.HarnessId), Of(session.Claimed?.HarnessSessionId), Of(session.ClaimedParent),
                Of(session.Parent), Of(session.Resolution), Of(session.MergedInto));
            if (session.Claims.Count == 0)
            {
                Add(batch, "DELETE FROM parent_claims WHERE org = $1 AND session = $2", Of(org), Of(id));
            }
        }

        foreach (var (key, claim) in session.Claims.Where(claim => claim.Value.Changed))
        {
            Add(
                batch, ClaimSql, Of(org), Of(id), Of(key.HarnessId), Of(key.HarnessSessionId), Of(claim.First.At), Of(claim.First.Id), Of(claim.Last.At),
                Of(claim.Last.Id));
        }
    }
}
