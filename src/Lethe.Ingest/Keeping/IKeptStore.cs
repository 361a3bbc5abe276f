using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Keeping;

/// <summary>
/// What is kept of a store and what goes, for one job, beside those who write it. Nothing that points nowhere is left by any call; each is a transaction,
/// and may be made again.
/// </summary>
/// <remarks>Every call throws <see cref="StoreUnavailableException"/> when the store refuses, and when another recorder has taken the job over.</remarks>
internal interface IKeptStore : IDisposable
{
    /// <summary>True when this recorder is the one that takes words and records away, until this is let go; false while another one is.</summary>
    bool TryBegin();

    /// <summary>Sets or takes away a pin; false when there is no such session.</summary>
    bool Pin(string org, string sessionId, long? at);

    /// <summary>Notes that a session and all below it are to be forgotten: from here on it is carried out in any case. Null when there is no such session.</summary>
    ForgottenCounts? Ask(string org, string sessionId, bool withFacts, long now);

    /// <summary>What is to be forgotten and is not yet, with what came of a forgotten session later and is from before.</summary>
    IReadOnlyList<Forgetting> Pending();

    /// <summary>Exchanges of sessions that are to be forgotten, whose words are not erased.</summary>
    IReadOnlyList<HeldWords> WordsOf(Forgetting asked, int countMax);

    /// <summary>All exchanges of sessions that are to be forgotten with their facts.</summary>
    IReadOnlyList<HeldWords> RecordsOf(Forgetting asked);

    /// <summary>The oldest exchanges from before a time whose words are kept and no pin holds.</summary>
    IReadOnlyList<HeldWords> WordsBefore(long before, int countMax);

    /// <summary>The oldest exchanges whose words stand in this recorder's journal and no pin holds.</summary>
    IReadOnlyList<HeldWords> OldestWords(int countMax);

    /// <summary>The oldest exchanges from before a time that have no words any more and no pin holds.</summary>
    IReadOnlyList<HeldWords> RecordsBefore(long before, int countMax);

    /// <summary>How many exchanges have words in this data directory, and how many have rows there and no words any more.</summary>
    (long WithWords, long Without) Count();

    /// <summary>Words in other recorders' journals that are to go: each erases its own at its next look.</summary>
    void LeaveToOthers(IReadOnlyCollection<JournalPosition> words, string reason);

    /// <summary>Words in this recorder's journal that others left to it to erase.</summary>
    IReadOnlyList<(JournalPosition At, string Reason)> LeftToThis(int countMax);

    /// <summary>They are erased.</summary>
    void Erased(IReadOnlyCollection<JournalPosition> words);

    /// <summary>Takes the words out of exchanges' rows, and whatever of messages, prompts and tools nothing refers to any more.</summary>
    /// <param name="content"><c>expired</c> or <c>erased</c>.</param>
    void DropWords(IReadOnlyCollection<HeldWords> exchanges, string content);

    /// <summary>Takes what sessions are called and where they ran, as far as that was said until they were asked to be forgotten.</summary>
    void DropDescriptions(Forgetting asked);

    /// <summary>Dead letters that a forgotten session's exchanges left, and what else may be its.</summary>
    IReadOnlyList<StoredLetter> Letters();

    /// <summary>The keys under which the exchanges of these sessions were delivered.</summary>
    IReadOnlySet<string> KeysOf(Forgetting asked);

    /// <summary>The natural keys of these sessions.</summary>
    IReadOnlySet<SessionKey> NamesOf(Forgetting asked);

    void DropLetters(IReadOnlyCollection<long> letters);

    /// <summary>Takes rows away and keeps their sums, those that can go together at once: whole months. Returns how many went.</summary>
    int RemoveMonths(long before);

    /// <summary>Takes rows away whole and keeps their sums; those whose other tries stay, stay. Returns how many went.</summary>
    int RemoveWholeCalls(IReadOnlyCollection<HeldWords> exchanges);

    /// <summary>Takes rows away whole and keeps their sums, whatever other tries of their calls stay. Returns how many went.</summary>
    int RemoveRecords(IReadOnlyCollection<HeldWords> exchanges);

    /// <summary>Sessions that have nothing left go too, and what they counted is counted for their organisation.</summary>
    void RemoveSessions(Forgetting? asked);

    /// <summary>Writes anew what holds free room, so that nothing of what went is left in it.</summary>
    void Compact();

    /// <summary>Removes copies of the store from before an upgrade: they hold what is forgotten.</summary>
    void RemoveCopies();

    /// <summary>Nothing of it is left anywhere.</summary>
    void Done(Forgetting asked);
}

/// <summary>A dead letter, and where the journal has what it is about.</summary>
internal sealed class StoredLetter
{
    public const string Select = "SELECT letter, commit_key, exchange_id, body_journal, body_segment, body_offset, body_sequence FROM dead_letters";

    public long Letter { get; init; }
    public string CommitKey { get; init; } = "";
    public string ExchangeId { get; init; } = "";
    public Guid? BodyJournal { get; init; }
    public long? BodySegment { get; init; }
    public long? BodyOffset { get; init; }
    public long? BodySequence { get; init; }

    public JournalPosition? At => HeldRow.PositionOf(BodyJournal, BodySegment, BodyOffset, BodySequence);
}

/// <summary>A row of an exchange of which something is kept, in every store.</summary>
internal sealed class HeldRow
{
    public string OrgId { get; init; } = "";
    public Guid ExchangeId { get; init; }
    public long CapturedAt { get; init; }
    public Guid? BodyJournal { get; init; }
    public long? BodySegment { get; init; }
    public long? BodyOffset { get; init; }
    public long? BodySequence { get; init; }

    public HeldWords ToHeld() => new(OrgId, new CaptureClock(CapturedAt, ExchangeId), PositionOf(BodyJournal, BodySegment, BodyOffset, BodySequence));

    public static JournalPosition? PositionOf(Guid? journal, long? segment, long? offset, long? sequence) =>
        journal is { } id && segment is { } at && offset is { } from ? new JournalPosition(id, at, from, sequence ?? 0) : null;
}
