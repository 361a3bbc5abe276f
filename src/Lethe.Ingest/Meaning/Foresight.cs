namespace Lethe.Ingest.Meaning;

/// <summary>
/// Tells what of the store <see cref="Applying"/> will look at: asked again after each loading, until nothing more is missing. What is asked for in
/// vain costs a look; what is not asked for and needed is a bug.
/// </summary>
internal sealed class Foresight(WorkingSet set, IReadOnlyList<NewExchange> round)
{
    private readonly HashSet<CaptureClock> runsAsked = [];
    private readonly HashSet<CaptureClock> chainsAsked = [];
    private Needs needs = new();

    public Needs Look()
    {
        needs = new Needs();
        foreach (var exchange in round)
        {
            Answer(exchange);
        }

        if (!needs.IsEmpty)
        {
            return needs;
        }

        foreach (var exchange in round)
        {
            Own(exchange);
            Run(exchange);
            Correct(exchange);
        }

        return needs;
    }

    private void Answer(NewExchange exchange)
    {
        var (org, told) = (exchange.Org, exchange.Told);
        string?[] answers = [Answers.Named(told), Answers.Continued(told), Answers.Given(told), .. BatchResults.Names(told.Turn), Delegations.Taken(told), .. Delegations.Given(told)];
        foreach (var id in answers)
        {
            if (id is null)
            {
                continue;
            }

            if (!set.Answers.TryGetValue((org, id), out var answer))
            {
                needs.Answers.Add((org, id));
                continue;
            }

            Session(org, answer.Session);
            if (answer.FirstHeard is { } heard && !set.Attempts.ContainsKey(heard))
            {
                needs.Attempts.Add((org, heard));
            }
            else if (answer.FirstHeard is { } known)
            {
                Sessions(org, set.Attempts[known]);
            }
        }
    }

    private void Own(NewExchange exchange)
    {
        var (org, told) = (exchange.Org, exchange.Told);
        if (Applying.SessionOf(set, told) is not { } key)
        {
            Chain(exchange, null, isWhole: false);
            return;
        }

        var isKnown = Hosts.Apart(told) is not { } apart || Session(org, apart.ToId());
        if (!Session(org, key.ToId()) || !isKnown)
        {
            return;
        }

        var session = set.Find(key);
        if (session is not { IsPlaceholder: false })
        {
            Waiters(session?.Key ?? key);
        }

        if (Applying.ClaimOf(Delegations.Told(set, told, key), key) is { } claim && ParentLinks.Decides(session, claim, exchange.Clock))
        {
            Parent(org, claim);
            Lineage(session);
        }

        foreach (var id in Delegations.Given(told))
        {
            if (Delegations.Waiting(set, set.Answers[(org, id)], session, exchange.Clock) is { } child)
            {
                Lineage(child);
                Lineage(session);
            }
        }

        if (Answers.Made(told) is { } made)
        {
            Merges(org, made, session);
        }

        if (session is { IsStored: true })
        {
            Tools(session, ToolCalls.AskedBy(told));
            if (!Chain(exchange, session, isWhole: false))
            {
                Tools(session, ToolCalls.AnsweredBy(told, ChainMembers.FirstNew(set, org, session, told.Chain, exchange.Clock)));
            }
        }
        else
        {
            Chain(exchange, null, isWhole: true);
        }
    }

    private void Correct(NewExchange exchange)
    {
        if (exchange.Correction is not { } correction)
        {
            return;
        }

        var into = correction.Into.In(exchange.Org);
        if (!Session(exchange.Org, into.ToId()))
        {
            return;
        }

        if (set.Find(into) is not { IsPlaceholder: false })
        {
            Waiters(set.Find(into)?.Key ?? into);
        }

        if (correction.From is { } named)
        {
            MergesForGood(named.In(exchange.Org), set.Find(into));
        }
        else if (Corrections.ClockOf(correction) is { } clock)
        {
            Moves(exchange.Org, clock);
        }
    }

    private void MergesForGood(SessionKey key, SessionState? into)
    {
        if (!Session(key.OrgId, key.ToId()) || set.Find(key.ToId()) is { MergedInto: not null })
        {
            return;
        }

        Lineage(into);
        if (set.Find(key.ToId()) is not { } from)
        {
            Waiters(key);
            return;
        }

        Whole(from, into);
        foreach (var claim in from.Claims.Keys.Concat(into?.Claims.Keys ?? Enumerable.Empty<ClaimedKey>()))
        {
            Parent(key.OrgId, claim);
        }
    }

    private void Moves(string org, CaptureClock clock)
    {
        if (!set.Tries.TryGetValue(clock, out var tries))
        {
            needs.Tries.Add((org, clock));
            return;
        }

        tries.ForEach(attempt => Sessions(org, attempt));
        if (tries.Find(attempt => attempt.Clock == clock)?.OwnSession is { } own && Session(org, own))
        {
            Leaves(set.Session(own));
        }
    }

    // Those that wait for it are decided anew, by all that are called so.
    private void Waiters(SessionKey key)
    {
        if (!set.KnownWaiting.Contains((key.OrgId, key.HarnessSessionId)))
        {
            needs.Waiting.Add((key.OrgId, key.HarnessSessionId));
            return;
        }

        var waiting = set.Waiting(key.OrgId, key.HarnessSessionId);
        if (waiting.Count > 0)
        {
            Namesakes(key.OrgId, key.HarnessSessionId);
            waiting.ForEach(Lineage);
            Lineage(set.Find(key));
        }
    }

    private void Parent(string org, ClaimedKey claim)
    {
        if (claim.HarnessId.Length == 0)
        {
            Namesakes(org, claim.HarnessSessionId);
        }
        else
        {
            var parent = new SessionKey(org, claim.HarnessId, claim.HarnessSessionId);
            if (Session(org, parent.ToId()))
            {
                Lineage(set.Find(parent));
            }
        }
    }

    private void Namesakes(string org, string harnessSessionId)
    {
        if (!set.KnownNamesakes.Contains((org, harnessSessionId)))
        {
            needs.Namesakes.Add((org, harnessSessionId));
            return;
        }

        foreach (var session in set.Namesakes(org, harnessSessionId).Where(session => Session(org, session.Id)).ToList())
        {
            Lineage(set.Meant(session));
        }
    }

    // A circle may run through whatever is above; who is in it is decided anew.
    private void Lineage(SessionState? from)
    {
        var seen = new HashSet<Guid>();
        for (var at = from; at is not null && seen.Add(at.Id);)
        {
            if (at.Claimed is { HarnessId: "" } claim && !set.KnownNamesakes.Contains((at.Key.OrgId, claim.HarnessSessionId)))
            {
                needs.Namesakes.Add((at.Key.OrgId, claim.HarnessSessionId));
            }

            // What it names may mean another one by now, and is asked for by its name.
            if (at.Claimed is { HarnessId.Length: > 0 } named && !Session(at.Key.OrgId, new SessionKey(at.Key.OrgId, named.HarnessId, named.HarnessSessionId).ToId()))
            {
                return;
            }

            if (at.ClaimedParent is not { } parent || !Session(at.Key.OrgId, parent))
            {
                return;
            }

            at = set.Find(parent);
        }
    }

    private void Merges(string org, string made, SessionState? own)
    {
        var waitingId = SessionKey.ContinuingId(made);
        Namesakes(org, waitingId);
        foreach (var waiting in set.Namesakes(org, waitingId).Where(waiting => waiting.IsReal && waiting != own))
        {
            Whole(waiting, own);
        }
    }

    // All of one goes over into another.
    private void Whole(SessionState from, SessionState? into)
    {
        if (!from.IsWhole)
        {
            needs.Whole.Add(from);
        }

        if (into is { IsStored: true, IsWhole: false })
        {
            Tools(into, from.Tools.Keys);
            foreach (var hash in from.Members.Keys.Where(hash => !into.Looked.Contains(hash)))
            {
                needs.Members.Add((into, hash));
            }
        }

        Leaves(from);
    }

    // Nothing may be left of it: who names it is decided anew.
    private void Leaves(SessionState session)
    {
        Lineage(session);
        if (set.KnownChildren.Contains(session.Id))
        {
            Waiters(session.Key);
            set.Children(session.Id).ForEach(Lineage);
        }
        else if (session.IsStored)
        {
            needs.Children.Add(session);
        }
    }

    private void Run(NewExchange exchange)
    {
        if (exchange.RetryKey is not null && runsAsked.Add(exchange.Clock))
        {
            // How far back the others are looked at depends on it.
            exchange.Attempt.OwnSession = Applying.SessionOf(set, exchange.Told)?.ToId();
            needs.Runs.Add(exchange);
        }
        else if (set.Runs.GetValueOrDefault(exchange.Clock) is { } run)
        {
            foreach (var attempt in run.Before.Concat(run.After))
            {
                Sessions(exchange.Org, attempt);
            }
        }
    }

    // True when its chain is looked at only now; what it adds is known behind that.
    private bool Chain(NewExchange exchange, SessionState? session, bool isWhole)
    {
        if (exchange.Told.Chain is not { Nodes.Count: > 0 } chain || !chainsAsked.Add(exchange.Clock))
        {
            return false;
        }

        needs.Chains.Add(new ChainNeed(exchange.Org, session, isWhole, chain, exchange.Clock));
        return true;
    }

    private void Tools(SessionState session, IEnumerable<string> ids)
    {
        if (session.IsWhole)
        {
            return;
        }

        foreach (var id in ids.Where(id => !session.Tools.ContainsKey(id)))
        {
            needs.Tools.Add((session, id));
        }
    }

    private void Sessions(string org, Attempt attempt)
    {
        Session(org, attempt.Session);
        Session(org, attempt.OwnSession);
    }

    // True when it is known, and what it has become, be it that there is none.
    private bool Session(string org, Guid? id)
    {
        if (id is not { } known)
        {
            return true;
        }

        if (set.Knows(known))
        {
            return set.Find(known) is not { MergedInto: { } into } || Session(org, into);
        }

        needs.Sessions.Add((org, known));
        return false;
    }
}
