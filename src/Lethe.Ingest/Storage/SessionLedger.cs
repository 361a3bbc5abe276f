using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>The sessions: found, begun, promoted, and written back once a transaction. Takes part in the caller's transaction.</summary>
internal sealed class SessionLedger : IDisposable
{
    private const int RecentSessionsMax = 2048;

    private readonly RecentMap<long, SessionState> byKey = new(RecentSessionsMax);
    private readonly RecentMap<(long Org, string HarnessId, string HarnessSessionId), long> byName = new(RecentSessionsMax);
    private readonly List<SessionState> changed = [];
    private readonly Statement findByName;
    private readonly Statement load;
    private readonly Statement loadClaims;
    private readonly Statement insert;
    private readonly Statement promote;
    private readonly Statement delete;
    private readonly Statement link;
    private readonly Statement putClaim;
    private readonly Statement update;
    private readonly Statement seenAgain;

    public SessionLedger(sqlite3 database)
    {
        findByName = new Statement(database, "SELECT session FROM sessions WHERE org = ? AND harness_id = ? AND harness_session_id = ?");
        load = new Statement(
            database,
            $"""
            SELECT session, session_id, org, harness_id, harness_session_id, is_placeholder, facts, first_seen_at, last_seen_at,
                   claim_harness_id, claim_session_id, claimed_parent, parent, parent_resolution, {SessionTotals.Columns}
            FROM sessions
            WHERE session = ?
            """);
        loadClaims = new Statement(
            database,
            """
            SELECT parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by
            FROM parent_claims
            WHERE session = ?
            """);
        insert = new Statement(
            database, "INSERT INTO sessions (session_id, org, harness_id, harness_session_id, is_placeholder) VALUES (?, ?, ?, ?, ?)");
        promote = new Statement(database, "UPDATE sessions SET is_placeholder = 0 WHERE session = ?");
        delete = new Statement(database, "DELETE FROM sessions WHERE session = ?");
        link = new Statement(
            database,
            """
            UPDATE sessions
            SET claim_harness_id = nullif(?, ''), claim_session_id = ?, claimed_parent = ?, parent = ?, parent_resolution = ?
            WHERE session = ?
            """);
        putClaim = new Statement(
            database,
            """
            INSERT INTO parent_claims
              (session, parent_harness_id, parent_session_id, first_claimed_at, first_claimed_by, last_claimed_at, last_claimed_by)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
              first_claimed_at = excluded.first_claimed_at, first_claimed_by = excluded.first_claimed_by,
              last_claimed_at = excluded.last_claimed_at, last_claimed_by = excluded.last_claimed_by
            """);
        update = new Statement(
            database,
            $"""
            UPDATE sessions
            SET facts = ?, id_origin = ?, auth_subject = ?, harness_version = ?, user_agent = ?, name = ?, cwd = ?, metadata = ?,
                first_seen_at = ?, last_seen_at = ?, ({SessionTotals.Columns}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            WHERE session = ?
            """);
        seenAgain = new Statement(database, "SELECT min(captured_at), max(captured_at) FROM exchanges WHERE session = ?");
    }

    /// <summary>The session under exactly that name, or null. A placeholder is found too.</summary>
    public SessionState? Find(long org, string harnessId, string harnessSessionId)
    {
        var known = byName.TryGet((org, harnessId, harnessSessionId), out var key)
            ? key
            : findByName.Bind(org).Bind(harnessId).Bind(harnessSessionId).Scalar();
        return known is { } session ? Load(session) : null;
    }

    public SessionState Load(long key)
    {
        if (byKey.TryGet(key, out var known))
        {
            return known;
        }

        load.Bind(key);
        try
        {
            if (!load.Step())
            {
                throw new InvalidOperationException($"Session {key} is named but not there.");
            }

            var claimed = load.Text(10) is { } claim ? new ClaimedKey(load.Text(9) ?? "", claim) : (ClaimedKey?)null;
            return Remember(new SessionState
            {
                Key = key,
                SessionId = load.Text(1)!,
                Org = load.Int64(2),
                HarnessId = load.Text(3)!,
                HarnessSessionId = load.Text(4)!,
                IsPlaceholder = load.Int64(5) != 0,
                Facts = SessionFacts.Parse(load.Text(6)!),
                FirstSeenAt = load.Int64OrNull(7),
                LastSeenAt = load.Int64OrNull(8),
                Claimed = claimed,
                ClaimedParent = load.Int64OrNull(11),
                Parent = load.Int64OrNull(12),
                Resolution = load.Text(13),
                Totals = SessionTotals.Read(load, 14),
                Claims = claimed is null ? [] : ReadClaims(key),
            });
        }
        finally
        {
            load.Reset();
        }
    }

    public SessionState Begin(long org, string orgId, string harnessId, string harnessSessionId, bool isPlaceholder)
    {
        var id = SessionIdentity.Of(orgId, harnessId, harnessSessionId);
        return Remember(new SessionState
        {
            Key = insert.Bind(id).Bind(org).Bind(harnessId).Bind(harnessSessionId).Bind(isPlaceholder).Insert(),
            SessionId = id,
            Org = org,
            HarnessId = harnessId,
            HarnessSessionId = harnessSessionId,
            IsPlaceholder = isPlaceholder,
            IsWhole = true,
        });
    }

    /// <summary>The placeholder has been seen: it stays the same row, with the same id.</summary>
    public void Promote(SessionState placeholder)
    {
        placeholder.IsPlaceholder = false;
        promote.Bind(placeholder.Key).Run();
    }

    public void Delete(SessionState orphan)
    {
        byKey.Remove(orphan.Key);
        byName.Remove((orphan.Org, orphan.HarnessId, orphan.HarnessSessionId));
        changed.Remove(orphan);
        delete.Bind(orphan.Key).Run();
    }

    /// <summary>Writes claim and parent at once, because other sessions are found by them.</summary>
    public void WriteLink(SessionState child) => link
        .Bind(child.Claimed?.HarnessId)
        .Bind(child.Claimed?.HarnessSessionId)
        .Bind(child.ClaimedParent)
        .Bind(child.Parent)
        .Bind(child.Resolution)
        .Bind(child.Key)
        .Run();

    /// <summary>Notes that the session must be written back before the commit.</summary>
    public void Touch(SessionState session)
    {
        if (!session.Changed)
        {
            session.Changed = true;
            changed.Add(session);
        }
    }

    /// <summary>Takes the times anew from the exchanges, after one was taken away.</summary>
    public void LookAgain(SessionState session)
    {
        seenAgain.Bind(session.Key);
        try
        {
            seenAgain.Step();
            session.FirstSeenAt = seenAgain.Int64OrNull(0);
            session.LastSeenAt = seenAgain.Int64OrNull(1);
        }
        finally
        {
            seenAgain.Reset();
        }
    }

    /// <summary>Writes back what changed. Called once, before the commit.</summary>
    public void Flush()
    {
        foreach (var session in changed)
        {
            session.Changed = false;
            foreach (var (key, claim) in session.Claims)
            {
                if (claim.Changed)
                {
                    claim.Changed = false;
                    putClaim.Bind(session.Key).Bind(key.HarnessId).Bind(key.HarnessSessionId);
                    claim.First.Bind(putClaim);
                    claim.Last.Bind(putClaim);
                    putClaim.Run();
                }
            }

            var facts = session.Facts;
            update
                .Bind(facts.ToJson())
                .Bind(facts[SessionFacts.IdOrigin])
                .Bind(facts[SessionFacts.AuthSubject])
                .Bind(facts[SessionFacts.HarnessVersion])
                .Bind(facts[SessionFacts.UserAgent])
                .Bind(facts[SessionFacts.Name])
                .Bind(facts[SessionFacts.Cwd])
                .Bind(facts.Metadata())
                .Bind(session.FirstSeenAt)
                .Bind(session.LastSeenAt);
            session.Totals.Bind(update).Bind(session.Key).Run();
        }

        changed.Clear();
    }

    public void Age()
    {
        byKey.Age();
        byName.Age();
    }

    /// <summary>Forgets everything: the transaction was rolled back, or another process has written.</summary>
    public void Forget()
    {
        byKey.Clear();
        byName.Clear();
        changed.Clear();
    }

    public void Dispose()
    {
        Statement[] all = [findByName, load, loadClaims, insert, promote, delete, link, putClaim, update, seenAgain];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }

    private SessionState Remember(SessionState session)
    {
        byKey[session.Key] = session;
        byName[(session.Org, session.HarnessId, session.HarnessSessionId)] = session.Key;
        return session;
    }

    private Dictionary<ClaimedKey, Claim> ReadClaims(long key)
    {
        var claims = new Dictionary<ClaimedKey, Claim>();
        loadClaims.Bind(key);
        try
        {
            while (loadClaims.Step())
            {
                claims[new ClaimedKey(loadClaims.Text(0)!, loadClaims.Text(1)!)] =
                    new Claim { First = CaptureClock.Read(loadClaims, 2), Last = CaptureClock.Read(loadClaims, 4) };
            }
        }
        finally
        {
            loadClaims.Reset();
        }

        return claims;
    }
}
