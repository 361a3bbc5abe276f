using Lethe.Ingest.Meaning;
using Npgsql;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Reads sessions into a working set, each locked for the rest of the transaction.</summary>
internal sealed class PostgresSessionRows(PostgresStatements statements)
{
    private const int FirstTotal = 17;

    private const string Select = """
        SELECT s.org, s.session, s.harness_id, s.harness_session_id, s.is_placeholder, s.facts, s.first_seen_at, s.last_seen_at,
               s.last_turn_at, s.last_turn_id, s.claim_harness_id, s.claim_session_id, s.claimed_parent, s.parent, s.parent_resolution, s.named_by, s.merged_into,
               s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning, s.cost_nano_usd,
               s.unpriced_turns, s.tool_calls, s.nodes, coalesce(a.tool_calls, 0), coalesce(a.nodes, 0)
        FROM sessions s
        LEFT JOIN archived a ON a.org = s.org AND a.session = s.session

        """;

    private const string Locked = " ORDER BY s.org, s.session FOR UPDATE OF s";
    private const string LockedAtOnce = Locked + " NOWAIT";

    private const string ById = Select + "JOIN unnest($1, $2) k (org, session) ON k.org = s.org AND k.session = s.session";
    private const string ByName = Select + "JOIN unnest($1, $2) k (org, id) ON k.org = s.org AND k.id = s.harness_session_id";

    private const string ByClaim =
        Select + "JOIN unnest($1, $2) k (org, id) ON k.org = s.org AND k.id = s.claim_session_id WHERE s.claim_harness_id IS NULL";

    private const string ByParent = Select + "JOIN unnest($1, $2) k (org, session) ON k.org = s.org AND k.session = s.claimed_parent";

    private bool waits = true;
    private bool waitsForMore = true;

    /// <summary>Comes first in a transaction that stores; beside others, only the sessions that are locked first may be waited for.</summary>
    public void Begin(bool isAlone) => (waits, waitsForMore) = (true, isAlone);

    public void Load(WorkingSet set, Needs needs)
    {
        if (needs.Sessions.Count > 0)
        {
            Load(set, ById, Of(needs.Sessions.Select(one => Org(one.Org))), Of(needs.Sessions.Select(one => one.Id)));
            foreach (var (_, id) in needs.Sessions)
            {
                set.Loaded(id, null);
            }
        }

        LoadByText(set, ByName, needs.Namesakes, set.KnownNamesakes);
        LoadByText(set, ByClaim, needs.Waiting, set.KnownWaiting);
        if (needs.Children.Count > 0)
        {
            Load(set, ByParent, Of(needs.Children.Select(one => Org(one.Key.OrgId))), Of(needs.Children.Select(one => one.Id)));
            set.KnownChildren.UnionWith(needs.Children.Select(one => one.Id));
        }
    }

    private void LoadByText(
        WorkingSet set, string sql, HashSet<(string Org, string HarnessSessionId)> wanted, HashSet<(string Org, string HarnessSessionId)> known)
    {
        if (wanted.Count > 0)
        {
            Load(set, sql, Of(wanted.Select(one => Org(one.Org))), Of(wanted.Select(one => one.HarnessSessionId)));
            known.UnionWith(wanted);
        }
    }

    private void Load(WorkingSet set, string sql, NpgsqlParameter orgs, NpgsqlParameter keys)
    {
        var locking = sql + (waits ? Locked : LockedAtOnce);
        waits = waitsForMore;
        var fresh = statements.Query(locking, Read, orgs, keys).Where(session => !set.Knows(session.Id)).ToList();
        fresh.ForEach(session => set.Loaded(session.Id, session));
        if (fresh.Count > 0)
        {
            LoadClaims(set, fresh);
        }
    }

    private void LoadClaims(WorkingSet set, List<SessionState> sessions)
    {
        var claims = statements.Query(
            """
            SELECT c.session, c.parent_harness_id, c.parent_session_id, c.first_claimed_at, c.first_claimed_by, c.last_claimed_at, c.last_claimed_by
            FROM parent_claims c
            JOIN unnest($1, $2) k (org, session) ON k.org = c.org AND k.session = c.session
            """,
            row => (
                Session: row.GetGuid(0),
                Key: new ClaimedKey(row.GetString(1), row.GetString(2)),
                Claim: new Claim { First = row.Clock(3)!.Value, Last = row.Clock(5)!.Value }),
            Of(sessions.Select(session => Org(session.Key.OrgId))),
            Of(sessions.Select(session => session.Id)));
        foreach (var (session, key, claim) in claims)
        {
            set.Session(session).Claims[key] = claim;
        }
    }

    private static SessionState Read(NpgsqlDataReader row)
    {
        var session = new SessionState(new SessionKey(row.GetGuid(0).ToString("D"), row.GetString(2), row.GetString(3)), row.GetGuid(1))
        {
            IsStored = true,
            IsPlaceholder = row.GetInt64(4) != 0,
            Facts = SessionFacts.Parse(row.GetString(5)),
            FirstSeenAt = row.Long(6),
            LastSeenAt = row.Long(7),
            LastTurn = row.Clock(8),
            Claimed = row.Text(11) is { } claim ? new ClaimedKey(row.Text(10) ?? "", claim) : null,
            ClaimedParent = row.Id(12),
            Parent = row.Id(13),
            Resolution = row.Text(14),
            NamedBy = row.GetInt64(15),
            MergedInto = row.Id(16),
        };
        for (var i = 0; i < SessionTotals.Count; i++)
        {
            session.Stored[i] = row.GetInt64(FirstTotal + i);
        }

        session.Archived = (row.GetInt64(FirstTotal + SessionTotals.Count), row.GetInt64(FirstTotal + SessionTotals.Count + 1));

        return session;
    }
}
