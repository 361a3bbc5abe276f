using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Reads sessions into a working set. Takes part in the caller's transaction.</summary>
internal sealed class SqliteSessionRows : IDisposable
{
    private const int FirstTotal = 19;

    private const string Select = $"""
        SELECT s.session, s.session_id, o.org_id, s.harness_id, s.harness_session_id, s.is_placeholder, s.facts, s.first_seen_at, s.last_seen_at,
               s.last_turn_at, s.last_turn_id, s.claim_harness_id, s.claim_session_id, c.session_id, p.session_id, s.parent_resolution, s.named_by,
               m.session_id, EXISTS (SELECT 1 FROM parent_claims k WHERE k.session = s.session), {SessionTotalsColumns}
        FROM sessions s
        JOIN orgs o ON o.org = s.org
        LEFT JOIN sessions c ON c.session = s.claimed_parent
        LEFT JOIN sessions p ON p.session = s.parent
        LEFT JOIN sessions m ON m.session = s.merged_into
        LEFT JOIN archived a ON a.org = s.org AND a.session_id = s.session_id

        """;

    private const string SessionTotalsColumns =
        "s.exchanges, s.turns, s.attempts, s.errors, s.input, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output, s.reasoning, s.cost_nano_usd, "
        + "s.unpriced_turns, s.tool_calls, s.nodes, coalesce(a.tool_calls, 0), coalesce(a.nodes, 0)";

    private readonly SqliteNames names;
    private readonly Prepared byId;
    private readonly Prepared byName;
    private readonly Prepared byClaim;
    private readonly Prepared byParent;
    private readonly Prepared claims;

    public SqliteSessionRows(SqliteConnection connection, SqliteNames names)
    {
        this.names = names;
        byId = new Prepared(connection, Select + "WHERE s.session_id = ?1");
        byName = new Prepared(connection, Select + "WHERE s.org = ?1 AND s.harness_session_id = ?2");
        byClaim = new Prepared(connection, Select + "WHERE s.org = ?1 AND s.claim_session_id = ?2 AND s.claim_harness_id IS NULL");
        byParent = new Prepared(connection, Select + "WHERE s.claimed_parent = ?1");
        claims = new Prepared(
            connection,
            """
            SELECT parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by
            FROM parent_claims
            WHERE session = ?1
            """);
    }

    public void Load(WorkingSet set, Needs needs)
    {
        foreach (var (_, id) in needs.Sessions)
        {
            Load(set, byId, id.ToString("D"));
            set.Loaded(id, null);
        }

        foreach (var (org, id) in needs.Namesakes)
        {
            Load(set, byName, names.Org(org), id);
            set.KnownNamesakes.Add((org, id));
        }

        foreach (var (org, id) in needs.Waiting)
        {
            Load(set, byClaim, names.Org(org), id);
            set.KnownWaiting.Add((org, id));
        }

        foreach (var parent in needs.Children)
        {
            Load(set, byParent, parent.Row);
            set.KnownChildren.Add(parent.Id);
        }
    }

    public void Dispose()
    {
        Prepared[] all = [byId, byName, byClaim, byParent, claims];
        Array.ForEach(all, one => one.Dispose());
    }

    private void Load(WorkingSet set, Prepared query, params ReadOnlySpan<object?> values)
    {
        var claiming = new List<SessionState>();
        using (var row = query.Query(values))
        {
            while (row.Read())
            {
                var id = row.SessionId(1)!.Value;
                if (!set.Knows(id))
                {
                    var session = Read(row, id);
                    set.Loaded(id, session);
                    if (row.GetInt64(FirstTotal - 1) != 0)
                    {
                        claiming.Add(session);
                    }
                }
            }
        }

        foreach (var session in claiming)
        {
            ReadClaims(session);
        }
    }

    private static SessionState Read(SqliteRow row, Guid id)
    {
        var session = new SessionState(new SessionKey(row.GetString(2), row.GetString(3), row.GetString(4)), id)
        {
            Row = row.GetInt64(0),
            IsStored = true,
            IsPlaceholder = row.GetInt64(5) != 0,
            Facts = SessionFacts.Parse(row.GetString(6)),
            FirstSeenAt = row.Long(7),
            LastSeenAt = row.Long(8),
            LastTurn = row.Clock(9),
            Claimed = row.Text(12) is { } claim ? new ClaimedKey(row.Text(11) ?? "", claim) : null,
            ClaimedParent = row.SessionId(13),
            Parent = row.SessionId(14),
            Resolution = row.Text(15),
            NamedBy = row.GetInt64(16),
            MergedInto = row.SessionId(17),
        };
        for (var i = 0; i < SessionTotals.Count; i++)
        {
            session.Stored[i] = row.GetInt64(FirstTotal + i);
        }

        session.Archived = (row.GetInt64(FirstTotal + SessionTotals.Count), row.GetInt64(FirstTotal + SessionTotals.Count + 1));

        return session;
    }

    private void ReadClaims(SessionState session)
    {
        using var row = claims.Query(session.Row);
        while (row.Read())
        {
            session.Claims[new ClaimedKey(row.GetString(0), row.GetString(1))] = new Claim { First = row.Clock(2)!.Value, Last = row.Clock(4)!.Value };
        }
    }
}
