using Lethe.Capture.Harnesses;

namespace Lethe.Ingest.Meaning;

/// <summary>An exchange that was moved to another session, with what the store has yet to move: its messages and its tool calls.</summary>
internal readonly record struct MovedExchange(CaptureClock Clock, SessionState From, SessionState Into);

/// <summary>Applies corrections. What they name and is not there any more is passed over: what is left of it is counted where it was.</summary>
internal static class Corrections
{
    public static void Apply(WorkingSet set, NewExchange exchange)
    {
        var correction = exchange.Correction!;
        var into = correction.Into.In(exchange.Org);
        if (correction.From is { } from)
        {
            Merge(set, from.In(exchange.Org), into);
        }
        else if (ClockOf(correction) is { } clock && set.Tries.GetValueOrDefault(clock) is { } tries)
        {
            Move(set, tries, clock, into);
        }
    }

    public static CaptureClock? ClockOf(Correction correction) =>
        correction is { ExchangeId: { } id, CapturedAt: { } at } ? new CaptureClock(at, id) : null;

    // A key has one meaning for good: what was merged before stays where it is.
    private static void Merge(WorkingSet set, SessionKey from, SessionKey into)
    {
        var source = set.Find(from.ToId()) ?? set.Begin(from, isPlaceholder: true);
        if (source.MergedInto is not null)
        {
            return;
        }

        var target = set.Find(into) ?? set.Begin(into, isPlaceholder: true);
        if (target != source)
        {
            SessionMerge.ForGood(set, source, target);
        }
    }

    private static void Move(WorkingSet set, List<Attempt> tries, CaptureClock clock, SessionKey into)
    {
        var moved = tries.Find(attempt => attempt.Clock == clock);
        if (moved is not { OwnSession: { } own } || set.Find(into) == set.Session(own))
        {
            return;
        }

        var source = set.Session(own);
        var target = set.Find(into) ?? set.Begin(into, isPlaceholder: true);
        set.Touch(source);
        set.Touch(target);
        if (target.IsPlaceholder)
        {
            target.IsPlaceholder = false;
            target.Facts.Tell(SessionFacts.IdOrigin, StoredWord.Of(SessionIdOrigin.Explicit), clock);
            ParentLinks.Reconsider(set, target.Key);
        }

        set.Uncount(moved);
        (moved.OwnSession, moved.Session) = (target.Id, target.Id);
        set.Recount(moved, source.Id);
        if (tries.Count > 1)
        {
            AttemptGroups.PlaceAnew(set, tries);
        }

        set.MovedExchanges.Add(new MovedExchange(clock, source, target));
        if (source.Exchanges == 0)
        {
            SessionMerge.Vacate(set, source);
        }
    }
}
