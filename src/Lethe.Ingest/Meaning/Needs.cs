using Lethe.Capture.Chains;

namespace Lethe.Ingest.Meaning;

/// <summary>A chain of which is asked what is stored, from the leaf up to the first node that <see cref="ChainMembers.IsKnown"/> knows.</summary>
/// <param name="Session">The stored session whose members they may be.</param>
/// <param name="IsWhole">True for a session that is not stored yet: all of the chain is asked for.</param>
internal readonly record struct ChainNeed(string Org, SessionState? Session, bool IsWhole, Chain Chain, CaptureClock Clock);

/// <summary>What the working set lacks before deliveries can be applied. A store loads all of it, also that there is nothing.</summary>
internal sealed class Needs
{
    public HashSet<(string Org, Guid Id)> Sessions { get; } = [];

    /// <summary>All sessions of an organisation under one harness session id, in whatever harness.</summary>
    public HashSet<(string Org, string HarnessSessionId)> Namesakes { get; } = [];

    /// <summary>All sessions whose claim in force names that id without a harness.</summary>
    public HashSet<(string Org, string HarnessSessionId)> Waiting { get; } = [];

    /// <summary>All sessions whose claim in force points there.</summary>
    public HashSet<SessionState> Children { get; } = [];

    public HashSet<(string Org, string Id)> Answers { get; } = [];

    /// <summary>The stored tries around each of these (<see cref="RetryRun.Read"/>).</summary>
    public List<NewExchange> Runs { get; } = [];

    /// <summary>Stored exchanges by their clock.</summary>
    public HashSet<(string Org, CaptureClock Clock)> Attempts { get; } = [];

    /// <summary>Stored exchanges by their clock, each with all that is stored of equal requests.</summary>
    public HashSet<(string Org, CaptureClock Clock)> Tries { get; } = [];

    /// <summary>Chains, to be looked at from the leaf up.</summary>
    public List<ChainNeed> Chains { get; } = [];

    public HashSet<(SessionState Session, string CallId)> Tools { get; } = [];

    public HashSet<(SessionState Session, NodeHash Hash)> Members { get; } = [];

    /// <summary>Sessions of which all members and tool calls are needed.</summary>
    public HashSet<SessionState> Whole { get; } = [];

    public bool IsEmpty => Sessions.Count + Namesakes.Count + Waiting.Count + Children.Count + Answers.Count + Runs.Count + Attempts.Count + Tries.Count
        + Chains.Count + Tools.Count + Members.Count + Whole.Count == 0;

    /// <summary>The sessions that tries of a call belong to.</summary>
    public static Needs SessionsOf(string org, IEnumerable<Attempt> tries)
    {
        var needs = new Needs();
        needs.Sessions.UnionWith(tries.SelectMany(attempt => new[] { attempt.OwnSession, attempt.Session }).OfType<Guid>().Select(id => (org, id)));
        return needs;
    }
}
