using System.Runtime.InteropServices;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Meaning;

/// <summary>A parent that a session named: when first, and when last.</summary>
internal sealed class Claim
{
    public CaptureClock First { get; set; }

    public CaptureClock Last { get; set; }

    public bool Changed { get; set; }
}

/// <summary>A parent's natural key as a claim gives it; an empty harness is «not told».</summary>
internal readonly record struct ClaimedKey(string HarnessId, string HarnessSessionId);

/// <summary>Who asked for a tool call and who answered it, as far as known.</summary>
internal sealed class ToolCallState
{
    public CaptureClock? Asked { get; set; }

    public CaptureClock? Answered { get; set; }

    public string? Name { get; set; }

    public string? ArgumentsJson { get; set; }

    public bool? IsError { get; set; }

    public bool? IsCancelled { get; set; }
}

/// <summary>A message of a session.</summary>
/// <param name="Clock">The first exchange of the session, by capture, that carried it.</param>
/// <param name="OwnBody">What that exchange said, where it differs from what the node holds; null where it does not.</param>
internal readonly record struct Membership(CaptureClock Clock, ReadOnlyMemory<byte>? OwnBody);

/// <summary>One session in the working set: what the store holds of it, and what is added in this transaction.</summary>
internal sealed class SessionState(SessionKey key, Guid id)
{
    private SessionTotals stored;
    private SessionTotals added;

    public SessionKey Key { get; } = key;

    public Guid Id { get; } = id;

    /// <summary>The number under which a store may keep it; 0 while it has none.</summary>
    public long Row { get; set; }

    public bool IsStored { get; set; }

    /// <summary>Nothing is left of it: a placeholder that nobody names.</summary>
    public bool IsRemoved { get; set; }

    public required bool IsPlaceholder { get; set; }

    /// <summary>The session that it went over into, and that its key means ever since; null for one that is itself.</summary>
    public Guid? MergedInto { get; set; }

    public SessionFacts Facts { get; set; } = new();

    /// <summary>The counters as they were loaded.</summary>
    public ref SessionTotals Stored => ref stored;

    /// <summary>What is to be added to the store's.</summary>
    public ref SessionTotals Added => ref added;

    /// <summary>What of its counters stands for tool calls and messages whose rows are gone.</summary>
    public (long ToolCalls, long Nodes) Archived { get; set; }

    public long? FirstSeenAt { get; set; }

    public long? LastSeenAt { get; set; }

    /// <summary>At or behind its last turn.</summary>
    public CaptureClock? LastTurn { get; set; }

    /// <summary>From here on its turns are to be numbered anew; null when all that is new stands behind the rest.</summary>
    public CaptureClock? RenumberFrom { get; private set; }

    /// <summary>An exchange was taken away: first and last seen are to be read from those that are left.</summary>
    public bool TimesAnew { get; set; }

    public Dictionary<ClaimedKey, Claim> Claims { get; init; } = [];

    /// <summary>The claim in force: the one named last.</summary>
    public ClaimedKey? Claimed { get; set; }

    /// <summary>What the claim in force points at, before circles are refused.</summary>
    public Guid? ClaimedParent { get; set; }

    public Guid? Parent { get; set; }

    public string? Resolution { get; set; }

    /// <summary>How many sessions' claims point at it.</summary>
    public long NamedBy { get; set; }

    public long NamedByAdded { get; set; }

    public bool Changed { get; set; }

    /// <summary>The claim in force, or what it points at, was decided anew.</summary>
    public bool LinkChanged { get; set; }

    /// <summary>Messages known to be members; not all members need be here.</summary>
    public Dictionary<NodeHash, Membership> Members { get; } = [];

    /// <summary>Tool calls that were looked up, by call id; without sides those that are not there.</summary>
    public Dictionary<string, ToolCallState> Tools { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages of which it is known whether they are members.</summary>
    public HashSet<NodeHash> Looked { get; } = [];

    /// <summary>Members to be written.</summary>
    public HashSet<NodeHash> Joined { get; } = [];

    /// <summary>Tool calls of which the asking side is to be written.</summary>
    public HashSet<string> Asked { get; } = [];

    /// <summary>Tool calls of which the answering side is to be written.</summary>
    public HashSet<string> Answered { get; } = [];

    /// <summary>True when <see cref="Members"/> and <see cref="Tools"/> are complete.</summary>
    public bool IsWhole { get; set; }

    public bool IsReal => !IsPlaceholder && !IsRemoved;

    public long Turns => stored.Turns + added.Turns;

    public long Exchanges => stored.Exchanges + added.Exchanges;

    /// <summary>Counts an exchange; a turn gets its number.</summary>
    public void Count(Attempt attempt)
    {
        if (attempt.IsTurn)
        {
            if (LastTurn is { } last && attempt.Clock < last)
            {
                RenumberAt(attempt.Clock);
            }
            else
            {
                LastTurn = attempt.Clock;
            }

            attempt.Seq = Turns + 1;
        }

        Added.Add(attempt.Tally, 1);
        FirstSeenAt = Math.Min(FirstSeenAt ?? attempt.Clock.At, attempt.Clock.At);
        LastSeenAt = Math.Max(LastSeenAt ?? attempt.Clock.At, attempt.Clock.At);
    }

    /// <summary>Takes back what <see cref="Count"/> added, but for the times.</summary>
    public void Uncount(Attempt attempt)
    {
        if (attempt.IsTurn)
        {
            RenumberAt(attempt.Clock);
            attempt.Seq = null;
        }

        Added.Add(attempt.Tally, -1);
    }

    public void RenumberAt(CaptureClock clock) => RenumberFrom = RenumberFrom is { } known ? CaptureClock.Min(known, clock) : clock;

    /// <summary>Notes a member, or an earlier exchange that carried it.</summary>
    public void Join(NodeHash hash, CaptureClock clock, ReadOnlyMemory<byte>? ownBody)
    {
        ref var member = ref CollectionsMarshal.GetValueRefOrAddDefault(Members, hash, out var known);
        if (!known)
        {
            added.Nodes++;
        }

        member = new Membership(clock, ownBody);
        Joined.Add(hash);
    }

    /// <summary>Notes what is stored of a member, its own words with it: it may be known without them. What has come since stays.</summary>
    public void Found(NodeHash hash, Membership stored)
    {
        ref var member = ref CollectionsMarshal.GetValueRefOrAddDefault(Members, hash, out var known);
        member = known && member.Clock != stored.Clock ? member : stored;
    }

    /// <summary>All of it is written; what comes next is added to that.</summary>
    public void Settle()
    {
        IsStored = !IsRemoved;
        Stored.Add(added);
        added = default;
        NamedBy += NamedByAdded;
        NamedByAdded = 0;
        RenumberFrom = null;
        TimesAnew = false;
        Changed = false;
        LinkChanged = false;
        Joined.Clear();
        Asked.Clear();
        Answered.Clear();
        foreach (var claim in Claims.Values)
        {
            claim.Changed = false;
        }
    }
}
