using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// Links sessions to the parents they name. Where a claim points is a pure function of the claim and of the sessions that exist, and which edge
/// of a cycle is refused is one of the cycle's claims alone; so the order of arrival changes nothing. No session is invented under a guessed harness.
/// </summary>
internal sealed class ParentLinks : IDisposable
{
    public const string Explicit = "explicit";
    public const string SameHarness = "same_harness";
    public const string UniqueOther = "unique_other";
    public const string Unresolved = "unresolved";
    public const string Ambiguous = "ambiguous";
    public const string Refused = "refused";

    private readonly SessionLedger sessions;
    private readonly Func<long, string> orgIdOf;
    private readonly Statement realByKey;
    private readonly Statement waitingForKey;
    private readonly Statement childOf;

    public ParentLinks(sqlite3 database, SessionLedger sessions, Func<long, string> orgIdOf)
    {
        this.sessions = sessions;
        this.orgIdOf = orgIdOf;
        realByKey = new Statement(
            database,
            "SELECT session, harness_id FROM sessions WHERE harness_session_id = ? AND org = ? AND is_placeholder = 0 AND session <> ?");
        waitingForKey = new Statement(
            database, "SELECT session FROM sessions WHERE org = ? AND claim_session_id = ? AND claim_harness_id IS NULL ORDER BY session");
        childOf = new Statement(database, "SELECT session FROM sessions WHERE claimed_parent = ? LIMIT 1");
    }

    /// <summary>The child has named a parent.</summary>
    public void Claim(SessionState child, string? harnessId, string harnessSessionId, CaptureClock clock)
    {
        var key = new ClaimedKey(harnessId ?? "", harnessSessionId);
        if (!child.Claims.TryGetValue(key, out var claim))
        {
            child.Claims[key] = claim = new Claim { First = clock, Last = clock };
        }
        else if (clock < claim.First)
        {
            claim.First = clock;
        }
        else if (clock > claim.Last)
        {
            claim.Last = clock;
        }
        else
        {
            return;
        }

        claim.Changed = true;
        var before = child.Claimed;
        child.Claimed = child.Claims.MaxBy(named => named.Value.Last).Key;
        if (before != child.Claimed || (child.Claimed == key && claim.First == clock))
        {
            Resolve(child);
        }
    }

    /// <summary>A session has been seen for the first time: claims without a harness that wait for its id are decided again.</summary>
    public void BecameReal(SessionState session)
    {
        var waiting = new List<long>();
        waitingForKey.Bind(session.Org).Bind(session.HarnessSessionId);
        try
        {
            while (waitingForKey.Step())
            {
                waiting.Add(waitingForKey.Int64(0));
            }
        }
        finally
        {
            waitingForKey.Reset();
        }

        foreach (var child in waiting)
        {
            Resolve(sessions.Load(child));
        }
    }

    public void Dispose()
    {
        realByKey.Dispose();
        waitingForKey.Dispose();
        childOf.Dispose();
    }

    private void Resolve(SessionState child)
    {
        var (target, _) = Decide(child);
        var before = child.ClaimedParent;
        var affected = CycleThrough(child);
        child.ClaimedParent = target?.Key;
        var cycle = CycleThrough(child);
        var refused = cycle.MaxBy(member => member.Claims[member.Claimed!.Value].First);
        foreach (var member in affected.Union(cycle).Append(child).Distinct())
        {
            var isRefused = member == refused;
            member.Parent = isRefused ? null : member.ClaimedParent;
            member.Resolution = isRefused ? Refused : Decide(member).Resolution;
            sessions.WriteLink(member);
        }

        if (before is { } left && left != child.ClaimedParent)
        {
            DeleteIfOrphaned(sessions.Load(left));
        }
    }

    private (SessionState? Target, string Resolution) Decide(SessionState child)
    {
        var claimed = child.Claimed!.Value;
        if (claimed.HarnessId.Length > 0)
        {
            if (claimed == new ClaimedKey(child.HarnessId, child.HarnessSessionId))
            {
                return (null, Refused);
            }

            var named = sessions.Find(child.Org, claimed.HarnessId, claimed.HarnessSessionId)
                ?? sessions.Begin(child.Org, orgIdOf(child.Org), claimed.HarnessId, claimed.HarnessSessionId, isPlaceholder: true);
            return (named, Explicit);
        }

        var candidates = RealSessions(child, claimed.HarnessSessionId);
        var same = candidates.Find(candidate => candidate.HarnessId == child.HarnessId);
        return (same.Key, candidates.Count) switch
        {
            (not 0, _) => (sessions.Load(same.Key), SameHarness),
            (_, 0) => (null, Unresolved),
            (_, 1) => (sessions.Load(candidates[0].Key), UniqueOther),
            _ => (null, Ambiguous),
        };
    }

    private List<(long Key, string HarnessId)> RealSessions(SessionState child, string harnessSessionId)
    {
        var found = new List<(long Key, string HarnessId)>();
        realByKey.Bind(harnessSessionId).Bind(child.Org).Bind(child.Key);
        try
        {
            while (realByKey.Step())
            {
                found.Add((realByKey.Int64(0), realByKey.Text(1)!));
            }
        }
        finally
        {
            realByKey.Reset();
        }

        return found;
    }

    // Each session points at one parent at most, so at most one cycle runs through it.
    private List<SessionState> CycleThrough(SessionState start)
    {
        var path = new List<SessionState> { start };
        var seen = new HashSet<long> { start.Key };
        for (var at = start; at.ClaimedParent is { } next;)
        {
            if (next == start.Key)
            {
                return path;
            }

            if (!seen.Add(next))
            {
                break;
            }

            at = sessions.Load(next);
            path.Add(at);
        }

        return [];
    }

    private void DeleteIfOrphaned(SessionState parent)
    {
        if (parent.IsPlaceholder && childOf.Bind(parent.Key).Scalar() is null)
        {
            sessions.Delete(parent);
        }
    }
}
