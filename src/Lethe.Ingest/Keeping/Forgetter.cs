using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Keeping;

/// <summary>
/// The steps by which words and records go: first out of the journal, then out of the store, so that whatever stops it in between, the next try finds
/// by the rows what is still to be done.
/// </summary>
internal sealed class Forgetter(Journal journal, Func<CapturedExchange, InterpretedExchange> interpret, CancellationToken stopping)
{
    public const int ExchangesAtOnce = 500;

    public const string Expired = "expired";

    public const string Erased = "erased";

    // A process before this one may have been stopped between the two.
    private bool maybeHalfDone = true;

    /// <summary>Takes what these exchanges said out of the journal and the store.</summary>
    /// <returns>How many lie on damaged lines of the journal, where their words could not be found.</returns>
    /// <exception cref="StoreUnavailableException"/>
    /// <exception cref="IOException">The journal refuses.</exception>
    public int DropWords(IKeptStore store, IReadOnlyCollection<HeldWords> exchanges, string content)
    {
        stopping.ThrowIfCancellationRequested();
        maybeHalfDone = true;
        var unread = EraseFromJournal(store, exchanges.Select(one => one.At), content == Erased ? "forget" : "retention");
        store.DropWords(exchanges, content);
        maybeHalfDone = false;
        IngestMeter.Forgot(content == Erased ? "erased" : "words", exchanges.Count);
        return unread;
    }

    /// <summary>
    /// Takes out of the store what retention took out of the journal before it was stopped. What is too old is found again by its age; what was too much may
    /// not be so any more, and is found by what the journal says of it.
    /// </summary>
    public int FinishExpiring(IKeptStore store)
    {
        if (!maybeHalfDone)
        {
            return 0;
        }

        HeldWords[] erased;
        using (var bodies = new JournalBodies(journal.Directory))
        {
            erased = [.. store.OldestWords(ExchangesAtOnce).Where(one => one.At is { } at && bodies.StateOf(at) == BodyState.Erased)];
        }

        if (erased.Length > 0)
        {
            DropWords(store, erased, Expired);
        }

        maybeHalfDone = false;
        return erased.Length;
    }

    /// <summary>Takes rows away, but for those whose other tries stay; how many.</summary>
    public int RemoveWholeCalls(IKeptStore store, IReadOnlyCollection<HeldWords> exchanges) => Remove(store.RemoveWholeCalls, exchanges);

    /// <summary>Carries out what was asked, to its end; how many exchanges' words went, how many rows, and how many lie on damaged lines of the journal.</summary>
    public (long Words, long Records, long Unread) Finish(IKeptStore store, Forgetting asked)
    {
        long words = 0;
        long records = 0;
        long unread = 0;
        for (var held = store.WordsOf(asked, ExchangesAtOnce); held.Count > 0; held = store.WordsOf(asked, ExchangesAtOnce))
        {
            unread += DropWords(store, held, Erased);
            words += held.Count;
        }

        DropLetters(store, asked);
        store.DropDescriptions(asked);
        if (asked.WithFacts)
        {
            records = Remove(store.RemoveRecords, store.RecordsOf(asked));
            store.RemoveSessions(asked);
        }

        store.RemoveCopies();
        store.Compact();
        store.Done(asked);
        return (words, records, unread);
    }

    /// <summary>Erases from this recorder's journal what others left to it.</summary>
    public void EraseLeft(IKeptStore store)
    {
        for (var left = store.LeftToThis(ExchangesAtOnce); left.Count > 0; left = store.LeftToThis(ExchangesAtOnce))
        {
            stopping.ThrowIfCancellationRequested();
            foreach (var those in left.GroupBy(one => one.Reason, one => one.At))
            {
                EraseFromJournal(store, those.Select(at => (JournalPosition?)at), those.Key);
                store.Erased([.. those]);
            }
        }
    }

    private int Remove(Func<IReadOnlyCollection<HeldWords>, int> remove, IReadOnlyCollection<HeldWords> exchanges)
    {
        stopping.ThrowIfCancellationRequested();
        var removed = remove(exchanges);
        IngestMeter.Forgot("records", removed);
        return removed;
    }

    private int EraseFromJournal(IKeptStore store, IEnumerable<JournalPosition?> places, string reason)
    {
        var all = places.OfType<JournalPosition>().ToLookup(place => place.Journal == journal.Id);
        JournalPosition[] here = [.. all[true]];
        store.LeaveToOthers([.. all[false]], reason);
        return here.Length > 0 ? OwnThread.Wait(journal.EraseAsync(here, reason)) : 0;
    }

    // What could not be stored, or came under a key that was used, has no row to be found by.
    private void DropLetters(IKeptStore store, Forgetting asked)
    {
        var letters = store.Letters();
        if (letters.Count == 0)
        {
            return;
        }

        var keys = store.KeysOf(asked);
        var names = store.NamesOf(asked);
        StoredLetter[] theirs;
        using (var bodies = new JournalBodies(journal.Directory))
        {
            theirs = [.. letters.Where(letter => keys.Contains(letter.CommitKey)
                || (letter.At is { } at && bodies.TryRead(at) is { } exchange && exchange.Id.ToString() == letter.ExchangeId && SessionOf(exchange, at) is { } name && names.Contains(name)))];
        }

        if (theirs.Length > 0)
        {
            EraseFromJournal(store, theirs.Select(letter => letter.At), "forget");
            store.DropLetters([.. theirs.Select(letter => letter.Letter)]);
        }
    }

    private SessionKey? SessionOf(CapturedExchange exchange, JournalPosition at)
    {
        var envelope = ExchangeDelivery.Of(new JournaledExchange(exchange, at), interpret, out _).Told.Envelope;
        return envelope.HarnessSessionId is { Length: > 0 } id ? new SessionKey(exchange.OrgId, envelope.HarnessId, id) : null;
    }
}
