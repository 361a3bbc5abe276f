namespace Lethe.Ingest.Meaning;

/// <summary>
/// The stored tries around a new one of the same call, as far as it can change them: of its group those before it, and all behind it.
/// </summary>
internal sealed class RetryRun
{
    private RetryRun(List<Attempt> before, List<Attempt> after)
    {
        Before = before;
        After = after;
    }

    /// <summary>Oldest first; not all of the group, where those before them keep their places whatever comes.</summary>
    public List<Attempt> Before { get; }

    /// <summary>Oldest first, up to the end of their group.</summary>
    public List<Attempt> After { get; }

    /// <summary>Reads as much as matters.</summary>
    /// <param name="backwards">The stored tries before the new one, latest first.</param>
    /// <param name="forwards">Those behind it, earliest first.</param>
    public static RetryRun Read(Attempt fresh, IEnumerable<Attempt> backwards, IEnumerable<Attempt> forwards)
    {
        var after = new List<Attempt>();
        foreach (var next in forwards)
        {
            if (after.Count > 0 && AttemptGroups.EndsBetween(after[^1], next))
            {
                break;
            }

            after.Add(next);
        }

        return new RetryRun(ReadBefore(fresh, backwards, isLast: after.Count == 0), after);
    }

    // Behind all the others, a new one takes the turn from the last that had it and gives its session to those right before it that have none;
    // those before these stay as they are. In their middle it may part them, so they must lose what they had from behind it.
    private static List<Attempt> ReadBefore(Attempt fresh, IEnumerable<Attempt> backwards, bool isLast)
    {
        var before = new List<Attempt>();
        var replySeen = isLast && !fresh.HasReply;
        var sessionSeen = isLast && fresh.OwnSession is null;
        var next = fresh;
        foreach (var earlier in backwards)
        {
            if (AttemptGroups.EndsBetween(earlier, next))
            {
                break;
            }

            before.Add(next = earlier);
            replySeen |= earlier.HasReply;
            sessionSeen |= earlier.OwnSession is not null;
            if (replySeen && sessionSeen)
            {
                break;
            }
        }

        before.Reverse();
        return before;
    }
}
