using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>Which sessions are asked for: what the store looks for, and what is told of each when it is read.</summary>
/// <param name="State">As <see cref="SessionSummary.State"/>; null for any.</param>
/// <param name="Trouble">Any of these (<see cref="SessionSummary.Trouble"/>); none for all.</param>
/// <param name="Text">A part of the title, the directory or an id, in any case; null for any.</param>
internal sealed record SessionQuestion(SessionFilter Filter, string? State, IReadOnlyList<string> Trouble, string? Text)
{
    public static IReadOnlyList<string> States { get; } = [SessionState.Running, SessionState.Waiting, SessionState.Idle, SessionState.Ended, SessionState.Named];

    public static IReadOnlyList<string> Troubles { get; } = ["failed_agent", "failed_tool", "refused", "rebuilt", "cut", "unpriced"];

    /// <summary>True where each session has to be read before it is known whether it is meant.</summary>
    public bool IsOfWhatIsTold => State is not null || Trouble.Count > 0 || Text is not null;

    public bool Takes(SessionSummary session) =>
        (State is null || session.State == State)
        && (Trouble.Count == 0 || Trouble.Any(session.Trouble!.Contains))
        && (Text is null || new[] { session.Title, session.Cwd, session.HarnessSessionId, session.SessionId }.Any(word => word?.Contains(Text, StringComparison.OrdinalIgnoreCase) == true));
}

/// <summary>Sessions with their titles, states, troubles and the sums of their trees.</summary>
internal sealed class SessionListing(StoreReader reader, TimeProvider time)
{
    /// <summary>Sessions that are looked at for one page; where few are meant among many, the cursor goes on behind them.</summary>
    private const int LookedAtMax = 1000;
    private const int AtOnce = 100;

    /// <summary>A page of them, by their order. Null as a cursor is the end of the list.</summary>
    public (IReadOnlyList<SessionSummary> Sessions, SessionCursor? Next) Page(IReadOnlyList<string> orgs, SessionQuestion asked, int limit)
    {
        var (found, place) = (new List<SessionSummary>(), asked.Filter.After);
        for (var looked = 0; looked < LookedAtMax;)
        {
            var wanted = asked.IsOfWhatIsTold ? AtOnce : limit - found.Count;
            var rows = orgs.SelectMany(org => Told(org, reader.Sessions(org, asked.Filter with { After = place, Limit = wanted + 1 })))
                .OrderBy(Place).ThenBy(session => session.SessionId, StringComparer.Ordinal).ToList();
            foreach (var session in rows.Take(wanted))
            {
                place = SessionCursor.Of(Ranked(session), asked.Filter.Sort);
                if (asked.Takes(session))
                {
                    found.Add(session);
                }

                if (found.Count == limit)
                {
                    return (found, session.SessionId == rows[^1].SessionId ? null : place);
                }
            }

            if (rows.Count <= wanted)
            {
                return (found, null);
            }

            looked += wanted;
        }

        return (found, place);

        // The largest first, unless it is asked for otherwise; no key is the least number.
        long Place(SessionSummary session) => SessionCursor.KeyOf(Ranked(session), asked.Filter.Sort) * (asked.Filter.IsSmallestFirst ? 1 : -1);

        // Where children are listed too, each stands by what it is itself.
        SessionSummary Ranked(SessionSummary session) => asked.Filter.RootsAlone ? session : session with { Tree = null };
    }

    /// <summary>With titles, states, troubles and sums of trees.</summary>
    public IReadOnlyList<SessionSummary> Told(string org, IReadOnlyList<SessionSummary> sessions)
    {
        var below = reader.SessionsBelow(org, [.. sessions.Select(session => session.SessionId)]);
        List<SessionSummary> all = [.. sessions.Concat(below).DistinctBy(session => session.SessionId)];
        var signs = reader.Signs(org, all);
        var children = all.Where(session => session.ParentSessionId is not null).ToLookup(session => session.ParentSessionId!);
        return [.. sessions.Select(session => With(org, session, [.. Tree(session, children)], signs))];
    }

    public SessionDetail Told(string org, SessionDetail detail) => detail with { Session = Told(org, [detail.Session])[0], Children = Told(org, detail.Children) };

    /// <summary>A session and all below it, depth first.</summary>
    public static IEnumerable<SessionSummary> Tree(SessionSummary session, ILookup<string, SessionSummary> children) =>
        [session, .. children[session.SessionId].SelectMany(child => Tree(child, children))];

    private SessionSummary With(string org, SessionSummary session, IReadOnlyList<SessionSummary> tree, IReadOnlyDictionary<string, SessionSigns> signs)
    {
        var own = signs.GetValueOrDefault(session.SessionId) ?? new SessionSigns();
        List<SessionSigns> all = [.. tree.Select(one => signs.GetValueOrDefault(one.SessionId)).OfType<SessionSigns>()];
        var (title, origin) = SessionTitle.Of(session, own.TitleReply, session.Name is null && own.TitleReply is null ? FirstPrompt.Of(reader, org, session) : null);
        var sums = new SessionTreeSums(
            tree.Count,
            tree.Skip(1).Count(one => signs.GetValueOrDefault(one.SessionId)?.EndsFailed == true),
            all.Sum(one => one.Rebuilt),
            tree.Max(one => one.LastSeenAt),
            SessionCounters.Sum(tree.Select(one => one.Counters)));
        return session with { Title = title, TitleOrigin = origin, State = SessionState.Of(session.IsPlaceholder, sums.LastSeenAt, own.EndsSaid, time), Trouble = [.. Troubles(sums, all)], Tree = sums };
    }

    private static IEnumerable<string> Troubles(SessionTreeSums sums, List<SessionSigns> all)
    {
        bool[] has = [sums.Failed > 0, all.Any(one => one.FailedTools > 0), all.Any(one => one.Refused > 0), sums.Rebuilt > 0, all.Any(one => one.Cut > 0), sums.Counters.UnpricedTurns > 0];
        return SessionQuestion.Troubles.Where((_, at) => has[at]);
    }
}
