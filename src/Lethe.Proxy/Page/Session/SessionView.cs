using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>All that the Session view shows.</summary>
public sealed record SessionView
{
    /// <summary>The longest list of turns that one answer holds; a longer session is told in pieces.</summary>
    public const int TurnsMax = 400;

    /// <summary>Of a longer session the first so many are shown, as many around the one that is looked at, and the last.</summary>
    private const int PieceTurns = 50;

    public required SessionDetail Detail { get; init; }

    public required string Title { get; init; }

    public required string State { get; init; }

    /// <summary>The whole tree, its root first.</summary>
    public required IReadOnlyList<AgentView> Agents { get; init; }

    public required IReadOnlyList<PromptView> Prompts { get; init; }

    public required TurnView? Selected { get; init; }

    /// <summary>The pieces that are shown, in their order: from, 0-based, up to but without the other.</summary>
    public required IReadOnlyList<(int From, int To)> Pieces { get; init; }

    /// <summary>What the last prompt is made of; null where nothing of it is kept, and where turns alone were asked for.</summary>
    public PromptLengths? Context { get; init; }

    /// <summary>Why the selected turn missed the cache; null where it did not.</summary>
    public CacheLadder? Ladder { get; init; }

    public SessionSummary Session => Detail.Session;

    /// <summary>Those of all prompts.</summary>
    public required IReadOnlyList<TurnView> Turns { get; init; }

    /// <summary>This session among <see cref="Agents"/>.</summary>
    public required AgentView Here { get; init; }

    /// <summary>Those that this session started, and theirs.</summary>
    public required IReadOnlyList<AgentView> Below { get; init; }

    public static SessionView Read(StoreReader reader, string org, SessionDetail detail, TimeProvider time, int? turn, int? from, int? to = null)
    {
        var agents = AgentTree.Below(reader, org, AgentTree.Root(reader, org, detail));
        var here = PlaceOf(agents, detail);
        if (here < 0)
        {
            (agents, here) = (AgentTree.Below(reader, org, detail), 0);
        }

        var started = new Dictionary<string, AgentView>();
        var startedBy = StartedSessions.By(reader, org, detail.Children.Take(AgentTree.AgentsMax));
        var prompts = Outline.Of(reader.Conversation(org, detail.Session.SessionId), detail.Compactions, arguments => Started(startedBy(arguments), arguments, agents, started));
        agents = [.. agents.Select(agent => started.GetValueOrDefault(agent.Session.SessionId, agent))];
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
            Pieces = from is { } first ? [Piece(first, Math.Min(to ?? int.MaxValue, Math.Max(0, first) + TurnsMax), turns.Count)] : PiecesOf(turns.Count, place),
            Context = from is null ? PromptLengths.Of(reader, org, turns.LastOrDefault(turn => turn.Exchange.Usage?.InputTokens is not null)?.Exchange.Chain) : null,
            Ladder = CacheLadder.Of(reader, org, (selected ?? turns.LastOrDefault())?.Exchange),
        };
    }

    private static (int From, int To) Piece(int from, int to, int count) => (Math.Clamp(from, 0, count), Math.Clamp(to, 0, count));

    private static List<(int From, int To)> PiecesOf(int count, int place)
    {
        if (count <= TurnsMax)
        {
            return [(0, count)];
        }

        List<(int From, int To)> pieces = [(0, PieceTurns)];
        foreach (var (from, to) in ((int, int)[])[Piece(place - (PieceTurns / 2), place + (PieceTurns / 2), count), (count - PieceTurns, count)])
        {
            if (from <= pieces[^1].To)
            {
                pieces[^1] = (pieces[^1].From, Math.Max(to, pieces[^1].To));
            }
            else
            {
                pieces.Add((from, to));
            }
        }

        return pieces;
    }

    private static AgentView? Started(SessionSummary? child, string arguments, IReadOnlyList<AgentView> agents, Dictionary<string, AgentView> started)
    {
        if (child is null || agents.FirstOrDefault(agent => agent.Session.SessionId == child.SessionId) is not { } found)
        {
            return null;
        }

        return started[child.SessionId] = found with { Kind = AgentTree.KindOf(arguments), Asked = ToolBrief.Of(arguments) };
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

    private static string StateOf(SessionSummary session, List<TurnView> turns, TimeProvider time) =>
        !session.IsPlaceholder && session.ErasedAt is not null ? "erased"
        : SessionState.Of(session.IsPlaceholder, session.LastSeenAt, turns.Count > 0 && turns[^1].Tools.Count == 0, time) switch
        {
            SessionState.Named => "named only",
            SessionState.Waiting => "waiting for you",
            var state => state,
        };
}
