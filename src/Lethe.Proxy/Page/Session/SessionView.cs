using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>All that the Session view shows.</summary>
public sealed record SessionView
{
    /// <summary>The longest list of turns that one page holds; a longer session is told in pieces.</summary>
    public const int TurnsMax = 400;

    private static readonly TimeSpan RunningMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan IdleMin = TimeSpan.FromHours(12);

    public required SessionDetail Detail { get; init; }

    public required string Title { get; init; }

    public required string State { get; init; }

    /// <summary>The whole tree, its root first.</summary>
    public required IReadOnlyList<AgentView> Agents { get; init; }

    public required IReadOnlyList<PromptView> Prompts { get; init; }

    public required TurnView? Selected { get; init; }

    /// <summary>Where the piece begins that the page shows, 0-based.</summary>
    public required int From { get; init; }

    public SessionSummary Session => Detail.Session;

    /// <summary>Those of all prompts.</summary>
    public required IReadOnlyList<TurnView> Turns { get; init; }

    /// <summary>This session among <see cref="Agents"/>.</summary>
    public required AgentView Here { get; init; }

    /// <summary>Those that this session started, and theirs.</summary>
    public required IReadOnlyList<AgentView> Below { get; init; }

    public static SessionView Read(StoreReader reader, string org, SessionDetail detail, TimeProvider time, int? turn, int? from)
    {
        var agents = AgentTree.Below(reader, org, AgentTree.Root(reader, org, detail));
        var here = PlaceOf(agents, detail);
        if (here < 0)
        {
            (agents, here) = (AgentTree.Below(reader, org, detail), 0);
        }

        var kinds = new Dictionary<string, string?>();
        var startedBy = AgentTree.StartedBy(reader, org, detail.Children);
        var prompts = Outline.Of(reader.Conversation(org, detail.Session.SessionId), detail.Compactions, arguments => Started(startedBy(arguments), arguments, agents, kinds));
        agents = [.. agents.Select(agent => agent with { Kind = kinds.GetValueOrDefault(agent.Session.SessionId) })];
        var turns = prompts.SelectMany(prompt => prompt.Turns).ToList();
        var selected = turns.Find(candidate => candidate.Seq is { } seq && seq == turn);
        var place = selected is null ? turns.Count - 1 : turns.IndexOf(selected);
        return new SessionView
        {
            Detail = detail,
            Title = SessionTitle.Of(detail.Session, prompts.FirstOrDefault(prompt => prompt.Text.Length > 0)?.Text),
            State = StateOf(detail.Session, turns, time),
            Agents = agents,
            Here = agents[here],
            Below = [.. agents.Skip(here + 1).TakeWhile(agent => agent.Depth > agents[here].Depth)],
            Prompts = prompts,
            Turns = turns,
            Selected = selected ?? turns.LastOrDefault(),
            From = Math.Clamp(from ?? (place - TurnsMax + 1), 0, Math.Max(0, turns.Count - 1)),
        };
    }

    private static AgentView? Started(SessionSummary? child, string arguments, IReadOnlyList<AgentView> agents, Dictionary<string, string?> kinds)
    {
        if (child is null || agents.FirstOrDefault(agent => agent.Session.SessionId == child.SessionId) is not { } found)
        {
            return null;
        }

        kinds[child.SessionId] = AgentTree.KindOf(arguments);
        return found with { Kind = kinds[child.SessionId] };
    }

    private static int PlaceOf(IReadOnlyList<AgentView> agents, SessionDetail detail)
    {
        var place = agents.Count - 1;
        while (place >= 0 && agents[place].Session.SessionId != detail.Session.SessionId)
        {
            place--;
        }

        return place;
    }

    private static string StateOf(SessionSummary session, List<TurnView> turns, TimeProvider time)
    {
        var silent = session.LastSeenAt is { } last ? time.GetUtcNow() - last : TimeSpan.MaxValue;
        return session.IsPlaceholder ? "named only"
            : session.ErasedAt is not null ? "erased"
            : silent < RunningMax ? "running"
            : silent > IdleMin ? "ended"
            : turns.Count > 0 && turns[^1].Tools.Count == 0 ? "waiting for you"
            : "idle";
    }
}
