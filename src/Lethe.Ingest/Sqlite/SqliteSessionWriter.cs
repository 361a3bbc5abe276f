using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Writes sessions, their claims and what hangs on them. Takes part in the caller's transaction.</summary>
internal sealed class SqliteSessionWriter : IDisposable
{
    private const int FirstTotal = 15;

    private readonly SqliteNames names;
    private readonly Prepared insert;
    private readonly Prepared update;
    private readonly Prepared link;
    private readonly Prepared delete;
    private readonly Prepared putClaim;
    private readonly Prepared dropClaims;
    private readonly Prepared timesAnew;
    private readonly Prepared renumber;
    private readonly Prepared[] merge;
    private readonly SqliteExchangeMoving moving;
    private readonly Prepared moveAnswers;
    private readonly object?[] values = new object?[FirstTotal + SessionTotals.Count];

    public SqliteSessionWriter(SqliteConnection connection, SqliteNames names)
    {
        this.names = names;
        insert = new Prepared(
            connection, "INSERT INTO sessions (session_id, org, harness_id, harness_session_id, is_placeholder) VALUES (?1, ?2, ?3, ?4, 1)");
        update = new Prepared(
            connection,
            $"""
            UPDATE sessions
            SET is_placeholder = ?2, facts = ?3, id_origin = ?4, auth_subject = ?5, harness_version = ?6, user_agent = ?7, name = ?8, cwd = ?9, metadata = ?10,
                first_seen_at = ?11, last_seen_at = ?12, last_turn_at = ?13, last_turn_id = ?14, named_by = named_by + ?15,
                {string.Join(", ", SessionTotals.Names.Select((name, i) => $"{name} = {name} + ?{FirstTotal + 1 + i}"))}
            WHERE session = ?1
            """);
        link = new Prepared(
            connection,
            """
            UPDATE sessions
            SET claim_harness_id = nullif(?2, ''), claim_session_id = ?3, claimed_parent = ?4, parent = ?5, parent_resolution = ?6, merged_into = ?7
            WHERE session = ?1
            """);
        delete = new Prepared(connection, "DELETE FROM sessions WHERE session = ?1");
        putClaim = new Prepared(
            connection,
            """
            INSERT INTO parent_claims
              (session, parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO UPDATE SET
              first_claimed_at = excluded.first_claimed_at, first_claimed_by = excluded.first_claimed_by,
              last_claimed_at = excluded.last_claimed_at, last_claimed_by = excluded.last_claimed_by
            """);
        dropClaims = new Prepared(connection, "DELETE FROM parent_claims WHERE session = ?1");
        timesAnew = new Prepared(
            connection,
            """
            UPDATE sessions
            SET first_seen_at = (SELECT min(at) FROM (SELECT captured_at AS at FROM exchanges e WHERE e.session = ?1
                                 UNION ALL SELECT first_seen_at FROM archived a WHERE a.org = sessions.org AND a.session_id = sessions.session_id)),
                last_seen_at = (SELECT max(at) FROM (SELECT captured_at AS at FROM exchanges e WHERE e.session = ?1
                                UNION ALL SELECT last_seen_at FROM archived a WHERE a.org = sessions.org AND a.session_id = sessions.session_id))
            WHERE session = ?1
            RETURNING first_seen_at, last_seen_at
            """);
        renumber = new Prepared(
            connection,
            """
            WITH later AS (
              SELECT ingested, row_number() OVER (ORDER BY captured_at, exchange_id) AS place, count(*) OVER () AS later
              FROM exchanges
              WHERE session = ?1 AND is_turn = 1 AND (captured_at, exchange_id) >= (?2, ?3)
            )
            UPDATE exchanges
            SET seq = (SELECT turns FROM sessions WHERE session = ?1) - l.later + l.place
            FROM later l
            WHERE exchanges.ingested = l.ingested
            """);
        moving = new SqliteExchangeMoving(connection);
        moveAnswers = new Prepared(connection, "UPDATE responses SET session = ?2 WHERE session = ?1");
        merge =
        [
            new Prepared(connection, "UPDATE exchanges SET session = ?2, own_session = CASE own_session WHEN ?1 THEN ?2 ELSE own_session END WHERE session = ?1"),
            moveAnswers,
            new Prepared(connection, "DELETE FROM session_nodes WHERE session = ?1 AND ?2 <> ?1"),
            new Prepared(connection, "DELETE FROM tool_calls WHERE session = ?1 AND ?2 <> ?1"),
            new Prepared(connection, $"{ArchivedSums.Hand("t.session_id")} JOIN sessions t ON t.session = ?2 WHERE s.session = ?1 {ArchivedSums.Add}"),
            new Prepared(connection, "UPDATE sessions SET pinned_at = coalesce(pinned_at, (SELECT f.pinned_at FROM sessions f WHERE f.session = ?1)) WHERE session = ?2"),
            new Prepared(connection, "UPDATE sessions SET pinned_at = NULL, pin_reason = NULL WHERE session = ?1 AND ?2 <> ?1"),
            new Prepared(connection, "UPDATE sessions SET named_by = named_by + (SELECT count(*) FROM sessions a WHERE a.merged_into = ?1) WHERE session = ?2"),
            new Prepared(connection, "UPDATE sessions SET named_by = named_by - (SELECT count(*) FROM sessions a WHERE a.merged_into = ?1) WHERE session = ?1 AND ?2 <> ?1"),
            new Prepared(connection, "UPDATE sessions SET merged_into = ?2 WHERE merged_into = ?1"),
            new Prepared(connection, "DELETE FROM archived WHERE (org, session_id) = (SELECT org, session_id FROM sessions WHERE session = ?1) AND ?2 <> ?1"),
        ];
    }

    /// <summary>Gives new sessions their rows; nothing is in them yet.</summary>
    public void Begin(WorkingSet set)
    {
        foreach (var session in set.Changed.Where(session => !session.IsStored && !session.IsRemoved))
        {
            var key = session.Key;
            session.Row = insert.Insert(session.Id.ToString("D"), names.Org(key.OrgId), key.HarnessId, key.HarnessSessionId);
        }
    }

    /// <summary>Called when exchanges, members and tool calls are written.</summary>
    public void Write(WorkingSet set)
    {
        foreach (var (from, into) in set.Merged.Where(merged => merged.From.IsStored))
        {
            Array.ForEach(merge, statement => statement.Run(from.Row, into.Row));
        }

        foreach (var (clock, from, into) in set.MovedExchanges)
        {
            moving.Run(clock.Id.Bytes(), from.Row, into.Row);
            if (from.IsRemoved)
            {
                moveAnswers.Run(from.Row, into.Row);
            }
        }

        foreach (var session in set.Changed.Where(session => session.IsStored || !session.IsRemoved))
        {
            Update(set, session);
        }

        foreach (var session in set.Changed)
        {
            if (session is { IsRemoved: true, IsStored: true })
            {
                delete.Run(session.Row);
                session.Row = 0;
                continue;
            }

            if (session.TimesAnew)
            {
                using var times = timesAnew.Query(session.Row);
                times.Read();
                (session.FirstSeenAt, session.LastSeenAt) = (times.Long(0), times.Long(1));
            }

            if (session.RenumberFrom is { } from)
            {
                renumber.Run(session.Row, from.At, from.Id.Bytes());
            }
        }
    }

    public void Dispose()
    {
        Prepared[] all = [insert, update, link, delete, putClaim, dropClaims, timesAnew, renumber, .. merge];
        Array.ForEach(all, one => one.Dispose());
    }

    private void Update(WorkingSet set, SessionState session)
    {
        var facts = session.Facts;
        ReadOnlySpan<object?> fields =
        [
            session.Row, session.IsPlaceholder ? 1L : 0L, facts.ToJson(), facts[SessionFacts.IdOrigin], facts[SessionFacts.AuthSubject],
            facts[SessionFacts.HarnessVersion], facts[SessionFacts.UserAgent], facts[SessionFacts.Name], facts[SessionFacts.Cwd], facts.Metadata(),
            session.FirstSeenAt, session.LastSeenAt, session.LastTurn?.At, session.LastTurn?.Id.Bytes(),
            session.NamedByAdded,
        ];
        fields.CopyTo(values);
        for (var i = 0; i < SessionTotals.Count; i++)
        {
            values[FirstTotal + i] = session.Added[i];
        }

        update.Run(values);
        if (session.LinkChanged)
        {
            link.Run(
                session.Row, session.Claimed?.HarnessId, session.Claimed?.HarnessSessionId, RowOf(set, session.ClaimedParent), RowOf(set, session.Parent), session.Resolution,
                RowOf(set, session.MergedInto));
            if (session.Claims.Count == 0)
            {
                dropClaims.Run(session.Row);
            }
        }

        foreach (var (key, claim) in session.Claims.Where(claim => claim.Value.Changed))
        {
            putClaim.Run(session.Row, key.HarnessId, key.HarnessSessionId, claim.First.At, claim.First.Id.Bytes(), claim.Last.At, claim.Last.Id.Bytes());
        }
    }

    private static long? RowOf(WorkingSet set, Guid? session) => session is { } id ? set.Session(id).Row : null;
}
