using Lethe.Capture.Chains;

namespace Lethe.Ingest.Meaning;

/// <summary>A node as the store has it, or will have it.</summary>
/// <param name="BodyDigest">The first half of the SHA-256 of what it holds.</param>
/// <param name="Row">The number under which a store may keep it.</param>
internal readonly record struct NodeState(UInt128 BodyDigest, long Row = 0);

/// <summary>
/// What a transaction knows of the store, as far as its deliveries touch it, and what it has made of that. A store loads into it and writes it back;
/// decisions read and change it and nothing else.
/// </summary>
internal sealed class WorkingSet
{
    private readonly Dictionary<Guid, SessionState?> sessions = [];
    private readonly Dictionary<(string Org, string HarnessSessionId), List<SessionState>> namesakes = [];
    private readonly Dictionary<(string Org, string HarnessSessionId), HashSet<SessionState>> waiting = [];

    /// <summary>Groups of sessions that are here as a whole.</summary>
    public HashSet<(string Org, string HarnessSessionId)> KnownNamesakes { get; } = [];

    /// <summary>Ids of parents, named without a harness, all claims to which are here.</summary>
    public HashSet<(string Org, string HarnessSessionId)> KnownWaiting { get; } = [];

    /// <summary>Sessions all whose children are here.</summary>
    public HashSet<Guid> KnownChildren { get; } = [];

    public Dictionary<(string Org, string Id), AnswerState> Answers { get; } = [];

    public Dictionary<(string Org, NodeHash Hash), NodeState?> Nodes { get; } = [];

    /// <summary>The stored tries around each new exchange that has any.</summary>
    public Dictionary<CaptureClock, RetryRun> Runs { get; } = [];

    /// <summary>Stored exchanges by their clock, as far as they were asked for.</summary>
    public Dictionary<CaptureClock, Attempt> Attempts { get; } = [];

    /// <summary>Exchanges to be inserted, in the order of delivery.</summary>
    public List<NewExchange> NewExchanges { get; } = [];

    /// <summary>Nodes to be inserted, each behind its parent.</summary>
    public List<(string Org, Node Node, UInt128 BodyDigest)> NewNodes { get; } = [];

    /// <summary>Prompts and tools to be there, by their hash.</summary>
    public Dictionary<(string Org, BlobHash Hash), byte[]> Blobs { get; } = [];

    /// <summary>Stored exchanges to be updated.</summary>
    public HashSet<Attempt> Moved { get; } = [];

    public List<SessionState> Changed { get; } = [];

    /// <summary>Sessions that went over into others, with all that the store holds of them.</summary>
    public List<(SessionState From, SessionState Into)> Merged { get; } = [];

    /// <summary>For each exchange that is to be moved: it, and all that is stored of equal requests, oldest first; empty where it is not there.</summary>
    public Dictionary<CaptureClock, List<Attempt>> Tries { get; } = [];

    public List<MovedExchange> MovedExchanges { get; } = [];

    public bool Knows(Guid session) => sessions.ContainsKey(session);

    /// <summary>The session, which must be here.</summary>
    public SessionState Session(Guid id) => sessions[id] ?? throw new InvalidOperationException($"Session {id} is not in the working set.");

    /// <summary>What the key means, as stored or made in this transaction; null when there is no such session.</summary>
    public SessionState? Find(SessionKey key) => Find(key.ToId()) is { } session ? Meant(session) : null;

    /// <summary>The session that it has become; null when that one is not here yet.</summary>
    public SessionState? Meant(SessionState session)
    {
        var meant = session;
        while (meant?.MergedInto is { } into)
        {
            meant = sessions.GetValueOrDefault(into);
        }

        return meant;
    }

    /// <summary>The session of that very key; null when there is none.</summary>
    public SessionState? Find(Guid id) => sessions.GetValueOrDefault(id) is { IsRemoved: false } session ? session : null;

    /// <summary>What the store has under the id; null for nothing. What is here already stays.</summary>
    public void Loaded(Guid id, SessionState? session)
    {
        if (sessions.TryAdd(id, session) && session is not null)
        {
            Add(session);
        }
    }

    public SessionState Begin(SessionKey key, bool isPlaceholder)
    {
        var id = key.ToId();
        if (sessions.GetValueOrDefault(id) is { } before)
        {
            // It went away in this transaction, and left nothing.
            before.IsRemoved = false;
            before.IsPlaceholder = isPlaceholder;
            Touch(before);
            return before;
        }

        var session = new SessionState(key, id) { IsPlaceholder = isPlaceholder, IsWhole = true };
        sessions[id] = session;
        Add(session);
        Touch(session);
        return session;
    }

    /// <summary>The claim that a session follows; null for none.</summary>
    public void Follow(SessionState child, ClaimedKey? claim)
    {
        if (child.Claimed is { HarnessId: "" } before)
        {
            WaitingFor(child.Key.OrgId, before.HarnessSessionId).Remove(child);
        }

        child.Claimed = claim;
        child.LinkChanged = true;
        Touch(child);
        Wait(child);
    }

    public void Touch(SessionState session)
    {
        if (!session.Changed)
        {
            session.Changed = true;
            Changed.Add(session);
        }
    }

    /// <summary>Sessions under that id in any harness, as far as they are here.</summary>
    public List<SessionState> Namesakes(string org, string harnessSessionId) =>
        namesakes.TryGetValue((org, harnessSessionId), out var found) ? found : namesakes[(org, harnessSessionId)] = [];

    /// <summary>Sessions whose claim in force names that id without a harness, as far as they are here; in one order.</summary>
    public List<SessionState> Waiting(string org, string harnessSessionId) =>
        waiting.TryGetValue((org, harnessSessionId), out var found) ? [.. found.OrderBy(child => child.Id)] : [];

    /// <summary>Sessions whose claim points there, as far as they are here.</summary>
    public List<SessionState> Children(Guid parent) =>
        [.. sessions.Values.OfType<SessionState>().Where(session => session.ClaimedParent == parent).OrderBy(child => child.Id)];

    /// <summary>Takes a counted exchange out of its session's counters.</summary>
    public void Uncount(Attempt attempt)
    {
        if (attempt is { IsCounted: true, Session: { } id })
        {
            var session = Session(id);
            Touch(session);
            session.Uncount(attempt);
        }
    }

    /// <summary>Puts it back, into the session that it now has.</summary>
    public void Recount(Attempt attempt, Guid? former)
    {
        if (attempt.IsCounted)
        {
            if (former is { } left && left != attempt.Session)
            {
                Session(left).TimesAnew = true;
            }

            Count(attempt);
            Moved.Add(attempt);
        }
    }

    public void Count(Attempt attempt)
    {
        attempt.IsCounted = true;
        if (attempt.Session is { } id)
        {
            var session = Session(id);
            Touch(session);
            session.Count(attempt);
        }
    }

    /// <summary>All changes are written: they are the store's now.</summary>
    public void Settle()
    {
        foreach (var session in Changed)
        {
            session.Settle();
        }

        Changed.Clear();
        Merged.Clear();
        MovedExchanges.Clear();
        Tries.Clear();
        NewExchanges.Clear();
        NewNodes.Clear();
        Blobs.Clear();
        Moved.Clear();
        Runs.Clear();
        Attempts.Clear();
        foreach (var answer in Answers.Values)
        {
            answer.Changed = false;
        }
    }

    private void Add(SessionState session)
    {
        Namesakes(session.Key.OrgId, session.Key.HarnessSessionId).Add(session);
        Wait(session);
    }

    private void Wait(SessionState child)
    {
        if (child.Claimed is { HarnessId: "" } claim)
        {
            WaitingFor(child.Key.OrgId, claim.HarnessSessionId).Add(child);
        }
    }

    private HashSet<SessionState> WaitingFor(string org, string harnessSessionId) =>
        waiting.TryGetValue((org, harnessSessionId), out var found) ? found : waiting[(org, harnessSessionId)] = [];
}
