using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Groups equal requests: one joins the group of the one before it, by capture, when that one did not complete and ended not long before. The turn of
/// a group is its last reply; an exchange without a session goes to the session of the next one that has it. All of it is a pure function of the
/// exchanges that are there.
/// </summary>
internal static class AttemptGroups
{
    /// <summary>Clients wait seconds between two tries, and a few minutes at most; who asks the same after that asks anew.</summary>
    public const long GapMicrosecondsMax = 10L * 60 * 1_000_000;

    /// <summary>True when the later one begins a group of its own.</summary>
    public static bool EndsBetween(Attempt earlier, Attempt later) => EndsBetween(earlier.Outcome, earlier.EndedAt, later.Clock.At);

    /// <inheritdoc cref="EndsBetween(Attempt, Attempt)"/>
    /// <param name="endedAt">Microseconds, as is <paramref name="laterAt"/>.</param>
    public static bool EndsBetween(Outcome outcome, long endedAt, long laterAt) =>
        ExchangeTally.IsFinal(outcome) || laterAt - endedAt > GapMicrosecondsMax;

    /// <summary>Places a new exchange among the other tries of its call, and moves those whose place has changed by it.</summary>
    public static void Place(WorkingSet set, RetryRun? run, Attempt fresh)
    {
        fresh.Session = fresh.OwnSession;
        fresh.IsTurn = fresh.HasReply && !fresh.IsRepeat;
        if (run is null || run.Before.Count + run.After.Count == 0)
        {
            return;
        }

        List<Attempt> all = [.. run.Before, fresh, .. run.After];
        var number = run.Before is [var known, ..] ? known.Number : 1;
        var first = run.Before is [var earliest, ..] ? earliest.RetryOf ?? earliest.Clock.Id : fresh.Clock.Id;
        Arrange(set, all, number, first);
    }

    /// <summary>Places those that are left of equal requests, some of which are gone.</summary>
    /// <param name="left">All that are stored of one key, oldest first.</param>
    public static void PlaceAnew(WorkingSet set, List<Attempt> left)
    {
        if (left is [var earliest, ..])
        {
            Arrange(set, left, 1, earliest.Clock.Id);
        }
    }

    private static void Arrange(WorkingSet set, List<Attempt> all, int number, Guid first)
    {
        for (var start = 0; start < all.Count;)
        {
            var end = start + 1;
            while (end < all.Count && !EndsBetween(all[end - 1], all[end]))
            {
                end++;
            }

            ArrangeGroup(set, all[start..end], number, first);
            if (end < all.Count)
            {
                (number, first) = (1, all[end].Clock.Id);
            }

            start = end;
        }
    }

    private static void ArrangeGroup(WorkingSet set, List<Attempt> group, int number, Guid first)
    {
        var turn = group.FindLast(attempt => attempt.HasReply);
        Guid? heir = null;
        for (var i = group.Count - 1; i >= 0; i--)
        {
            var attempt = group[i];
            heir = attempt.OwnSession ?? heir;
            Guid? retryOf = number + i == 1 ? null : first;
            var isTurn = attempt == turn;
            if (attempt.Session == heir && attempt.IsTurn == isTurn && attempt.Number == number + i && attempt.RetryOf == retryOf)
            {
                continue;
            }

            var former = attempt.Session;
            set.Uncount(attempt);
            attempt.Session = heir;
            attempt.IsTurn = isTurn;
            attempt.Number = number + i;
            attempt.RetryOf = retryOf;
            set.Recount(attempt, former);
        }
    }
}
