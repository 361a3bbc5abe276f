namespace Lethe.Ingest.Meaning;

/// <summary>
/// Links sessions to the parents they name. Where a claim points is a pure function of the claim and of the sessions that exist, and which edge
/// of a cycle is refused is one of the cycle's claims alone; so the order of arrival changes nothing. No session is invented under a guessed harness.
/// </summary>
internal static class ParentLinks
{
    public const string Explicit = "explicit";
    public const string SameHarness = "same_harness";
    public const string UniqueOther = "unique_other";
    public const string Unresolved = "unresolved";
    public const string Ambiguous = "ambiguous";
    public const string Refused = "refused";

    /// <summary>True when the claim may change where the child points.</summary>
    public static bool Decides(SessionState? child, ClaimedKey key, CaptureClock clock) =>
        child is null || !child.Claims.TryGetValue(key, out var claim) || clock < claim.First || (clock > claim.Last && child.Claimed != key);

    /// <summary>The child has named a parent.</summary>
    public static void Claim(WorkingSet set, SessionState child, ClaimedKey key, CaptureClock clock)
    {
        var decides = Decides(child, key, clock);
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
        set.Touch(child);
        if (decides)
        {
            Choose(set, child);
        }
    }

    /// <summary>The claims have changed: the one named last is in force, and is followed.</summary>
    public static void Choose(WorkingSet set, SessionState child)
    {
        set.Follow(child, child.Claims.Count == 0 ? null : child.Claims.MaxBy(named => named.Value.Last).Key);
        if (child.Claimed is not null)
        {
            Resolve(set, child);
        }
    }

    /// <summary>The child names no parent any more.</summary>
    public static void Forsake(WorkingSet set, SessionState child)
    {
        var circle = CycleThrough(set, child);
        var parent = child.ClaimedParent;
        child.Claims.Clear();
        set.Follow(child, null);
        (child.ClaimedParent, child.Parent, child.Resolution) = (null, null, null);
        Name(set, parent, -1);
        foreach (var member in circle.Where(member => member != child))
        {
            Resolve(set, member);
        }
    }

    /// <summary>A session has come to be, or ceased to: claims without a harness that wait for its id are decided again.</summary>
    public static void Reconsider(WorkingSet set, SessionKey key)
    {
        foreach (var child in set.Waiting(key.OrgId, key.HarnessSessionId))
        {
            Resolve(set, child);
        }
    }

    public static void Resolve(WorkingSet set, SessionState child)
    {
        var before = child.ClaimedParent;
        var affected = CycleThrough(set, child);
        var target = Decide(set, child).Target;
        child.ClaimedParent = target?.Id;
        var cycle = CycleThrough(set, child);
        var refused = cycle.MaxBy(member => member.Claims[member.Claimed!.Value].First);
        foreach (var member in affected.Union(cycle).Append(child).Distinct())
        {
            var isRefused = member == refused;
            member.Parent = isRefused ? null : member.ClaimedParent;
            member.Resolution = isRefused ? Refused : Decide(set, member).Resolution;
            member.LinkChanged = true;
            set.Touch(member);
        }

        if (before != child.ClaimedParent)
        {
            Name(set, child.ClaimedParent, 1);
            Name(set, before, -1);
        }
    }

    private static (SessionState? Target, string Resolution) Decide(WorkingSet set, SessionState child)
    {
        var claimed = child.Claimed!.Value;
        var org = child.Key.OrgId;
        if (claimed.HarnessId.Length > 0)
        {
            var named = new SessionKey(org, claimed.HarnessId, claimed.HarnessSessionId);
            var target = named == child.Key ? child : set.Find(named) ?? set.Begin(named, isPlaceholder: true);
            return target == child ? (null, Refused) : (target, Explicit);
        }

        if (claimed.HarnessSessionId == child.Key.HarnessSessionId)
        {
            // Its own harness comes first, and there it is the child itself.
            return (null, Refused);
        }

        // A key that means another session is one that exists.
        var candidates = set.Namesakes(org, claimed.HarnessSessionId)
            .FindAll(candidate => candidate != child && (candidate.IsReal || candidate.MergedInto is not null))
            .ConvertAll(candidate => (candidate.Key.HarnessId, Meant: set.Meant(candidate)!));
        if (candidates.Find(candidate => candidate.HarnessId == child.Key.HarnessId).Meant is { } same)
        {
            return same == child ? (null, Refused) : (same, SameHarness);
        }

        return candidates.Select(candidate => candidate.Meant).Where(candidate => candidate != child).Distinct().ToList() switch
        {
            [] => (null, Unresolved),
            [var only] => (only, UniqueOther),
            _ => (null, Ambiguous),
        };
    }

    // Each session points at one parent at most, so at most one cycle runs through it.
    private static List<SessionState> CycleThrough(WorkingSet set, SessionState start)
    {
        var path = new List<SessionState> { start };
        var seen = new HashSet<Guid> { start.Id };
        for (var at = start; at.ClaimedParent is { } next;)
        {
            if (next == start.Id)
            {
                return path;
            }

            if (!seen.Add(next))
            {
                break;
            }

            at = set.Session(next);
            path.Add(at);
        }

        return [];
    }

    // A placeholder that nobody names is not there.
    private static void Name(WorkingSet set, Guid? parent, int added)
    {
        if (parent is not { } id || set.Find(id) is not { } session)
        {
            return;
        }

        session.NamedByAdded += added;
        set.Touch(session);
        if (session is { IsPlaceholder: true, MergedInto: null } && session.NamedBy + session.NamedByAdded == 0)
        {
            session.IsRemoved = true;
        }
    }
}
