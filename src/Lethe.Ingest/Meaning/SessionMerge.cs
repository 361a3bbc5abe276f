namespace Lethe.Ingest.Meaning;

/// <summary>
/// All of one session goes over into another: what each field says is decided by its clock, so the outcome is as if everything had come there at
/// once. Of the one that goes a placeholder stays, if others have named it as their parent, or, where it went for good, its key.
/// </summary>
internal static class SessionMerge
{
    /// <param name="from">With all its members and tool calls here.</param>
    public static void Apply(WorkingSet set, SessionState from, SessionState into)
    {
        MoveAll(set, from, into);
        Empty(set, from);
        var parents = set.Children(from.Id);
        from.IsRemoved = from.NamedBy + from.NamedByAdded == 0;
        foreach (var child in parents.Where(child => child.Claimed is { HarnessId: "" }))
        {
            ParentLinks.Resolve(set, child);
        }

        ParentLinks.Reconsider(set, from.Key);
    }

    /// <summary>And whatever is told of its key from now on is told of the other: turns, and children that name it.</summary>
    /// <inheritdoc cref="Apply" path="/param"/>
    public static void ForGood(WorkingSet set, SessionState from, SessionState into)
    {
        var wasReal = from.IsReal;
        var claims = from.Claims.ToList();
        MoveAll(set, from, into);
        Empty(set, from);
        // Either may have been named by the other alone, and both stay.
        from.MergedInto = into.Id;
        from.LinkChanged = true;
        into.NamedByAdded++;
        ParentLinks.Forsake(set, from);
        if (wasReal && into.IsPlaceholder)
        {
            into.IsPlaceholder = false;
            ParentLinks.Reconsider(set, into.Key);
        }

        foreach (var (key, claim) in claims)
        {
            ParentLinks.Claim(set, into, key, claim.First);
            ParentLinks.Claim(set, into, key, claim.Last);
        }

        foreach (var child in set.Children(from.Id))
        {
            ParentLinks.Resolve(set, child);
        }

        ParentLinks.Reconsider(set, from.Key);
    }

    /// <summary>Nothing is left in a session but that others may name it.</summary>
    public static void Vacate(WorkingSet set, SessionState session)
    {
        (session.Facts, session.FirstSeenAt, session.LastSeenAt, session.LastTurn) = (new SessionFacts(), null, null, null);
        session.TimesAnew = false;
        session.IsPlaceholder = true;
        var children = set.Children(session.Id);
        ParentLinks.Forsake(set, session);
        session.IsRemoved = session.NamedBy + session.NamedByAdded == 0;
        foreach (var child in children.Where(child => child.Claimed is { HarnessId: "" }))
        {
            ParentLinks.Resolve(set, child);
        }

        ParentLinks.Reconsider(set, session.Key);
    }

    private static void MoveAll(WorkingSet set, SessionState from, SessionState into)
    {
        set.Touch(from);
        set.Touch(into);
        into.Added.Add(from.Stored);
        into.Added.Add(from.Added);
        // Those that are there are counted as they come over; those that are gone have gone for good.
        into.Added.Nodes -= from.Stored.Nodes + from.Added.Nodes - from.Archived.Nodes;
        into.Added.ToolCalls -= from.Stored.ToolCalls + from.Added.ToolCalls - from.Archived.ToolCalls;
        into.Archived = (into.Archived.ToolCalls + from.Archived.ToolCalls, into.Archived.Nodes + from.Archived.Nodes);
        MoveMembers(from, into);
        MoveTools(from, into);
        into.Facts.Take(from.Facts);
        into.FirstSeenAt = Least(into.FirstSeenAt, from.FirstSeenAt);
        into.LastSeenAt = -Least(-into.LastSeenAt, -from.LastSeenAt);
        into.LastTurn = from.LastTurn is { } last && into.LastTurn is { } known ? CaptureClock.Max(last, known) : into.LastTurn ?? from.LastTurn;
        if (from.FirstSeenAt is { } first)
        {
            into.RenumberAt(new CaptureClock(first, Guid.Empty));
        }

        MoveExchanges(set, from, into);
        set.Merged.Add((from, into));
    }

    private static void MoveMembers(SessionState from, SessionState into)
    {
        foreach (var (hash, member) in from.Members)
        {
            if (!into.Members.TryGetValue(hash, out var known) || member.Clock < known.Clock)
            {
                into.Join(hash, member.Clock, member.OwnBody);
            }
        }

        from.Members.Clear();
        from.Joined.Clear();
    }

    private static void MoveTools(SessionState from, SessionState into)
    {
        foreach (var (id, call) in from.Tools)
        {
            if (call.Asked is { } asked)
            {
                ToolCalls.Ask(into, id, call.Name, call.ArgumentsJson, asked);
            }

            if (call.Answered is { } answered)
            {
                ToolCalls.Answer(into, id, call.IsError, call.IsCancelled, answered);
            }
        }

        from.Tools.Clear();
        from.Asked.Clear();
        from.Answered.Clear();
    }

    // The stored ones are moved by the store.
    private static void MoveExchanges(WorkingSet set, SessionState from, SessionState into)
    {
        var known = set.NewExchanges.Select(exchange => exchange.Attempt)
            .Concat(set.Attempts.Values)
            .Concat(set.Runs.Values.SelectMany(run => run.Before.Concat(run.After)))
            .Concat(set.Moved);
        foreach (var attempt in known)
        {
            attempt.Session = attempt.Session == from.Id ? into.Id : attempt.Session;
            attempt.OwnSession = attempt.OwnSession == from.Id ? into.Id : attempt.OwnSession;
        }

        foreach (var answer in set.Answers.Values.Where(answer => answer.Session == from.Id))
        {
            answer.Session = into.Id;
            answer.Changed = true;
        }
    }

    private static void Empty(WorkingSet set, SessionState from)
    {
        (from.Added, from.Archived) = (default, default);
        for (var i = 0; i < SessionTotals.Count; i++)
        {
            from.Added[i] = -from.Stored[i];
        }

        from.Facts = new SessionFacts();
        (from.FirstSeenAt, from.LastSeenAt, from.LastTurn) = (null, null, null);
        from.IsPlaceholder = true;
        from.IsWhole = true;
        set.Touch(from);
    }

    private static long? Least(long? left, long? right) => left is { } a && right is { } b ? Math.Min(a, b) : left ?? right;
}
