using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>A call on a lane. Places are in pixels from the left.</summary>
/// <param name="Answering">Where its first byte came.</param>
/// <param name="ToolsUntil">Where the next call brought the results of the tools that this one asked for; null where none did.</param>
public sealed record TimelineCall(ExchangeRecord Exchange, double Start, double Answering, double End, bool IsFailed, bool IsMissed)
{
    public double? ToolsUntil { get; init; }
}

public sealed record TimelineLane(AgentView Agent, IReadOnlyList<TimelineCall> Calls);

/// <summary>Time that was left out, as wide as all such, with what it was.</summary>
public sealed record TimelineFold(double At, string Label);

/// <summary>Where a prompt was said.</summary>
public sealed record TimelinePrompt(double At, int Number);

/// <summary>A round time of day.</summary>
public sealed record TimelineTick(double At, DateTimeOffset Time, bool HasSeconds);

/// <summary>What stood in the context of one call: tokens read from the cache, written to it, and neither.</summary>
public sealed record TimelineContext(double From, double To, long Read, long Written, long Fresh);

/// <summary>The agents' calls by wall time, a lane each. Long silences are folded: longer than ten times the median call and two minutes.</summary>
public sealed record Timeline(IReadOnlyList<TimelineLane> Lanes, IReadOnlyList<TimelineFold> Folds)
{
    private const double FoldWidthMax = 84;

    /// <summary>All folds together are no wider, however many they are.</summary>
    private const double FoldedShareMax = 0.4;

    /// <summary>Where there are more calls than so many, one of those that lie within <see cref="ApartPixels"/> is drawn for all.</summary>
    private const int CallsApartMax = 600;

    private const double ApartPixels = 3;

    private const int MedianTimes = 10;
    private static readonly TimeSpan SilenceMin = TimeSpan.FromMinutes(2);

    public IReadOnlyList<TimelinePrompt> Prompts { get; private init; } = [];

    public IReadOnlyList<TimelineTick> Ticks { get; private init; } = [];

    /// <summary>Of the session that is looked at, turn by turn.</summary>
    public IReadOnlyList<TimelineContext> Context { get; private init; } = [];

    public long ContextMax => Context.Count == 0 ? 0 : Context.Max(one => one.Read + one.Written + one.Fresh);

    public double FoldWidth { get; private init; }

    /// <param name="agents">Those that get a lane.</param>
    /// <param name="prompts">Those of the session that is looked at.</param>
    public static Timeline Of(IReadOnlyList<AgentView> agents, IReadOnlyList<PromptView> prompts, double width)
    {
        var spans = agents.SelectMany(agent => agent.Calls).Select(call => (From: AgentView.At(call), To: AgentView.End(call))).OrderBy(span => span.From).ToList();
        if (spans.Count == 0)
        {
            return new Timeline([.. agents.Select(agent => new TimelineLane(agent, []))], []);
        }

        var busy = Busy(spans);
        var foldWidth = busy.Count == 1 ? 0 : Math.Min(FoldWidthMax, width * FoldedShareMax / (busy.Count - 1));
        var scale = new TimelineScale(busy, width, foldWidth);
        return new Timeline(
            [.. agents.Select(agent => new TimelineLane(agent, Calls(agent, scale)))],
            [.. busy.SkipLast(1).Select((stretch, at) => new TimelineFold(scale.X(stretch.To), Captured.Figure.Duration(busy[at + 1].From - stretch.To)))])
        {
            FoldWidth = foldWidth,
            Prompts = [.. prompts.Where(prompt => prompt.Turns.Count > 0).Select(prompt => new TimelinePrompt(scale.X(prompt.Turns[0].At), prompt.Number))],
            Ticks = [.. scale.Ticks()],
            Context = [.. Contexts([.. prompts.SelectMany(prompt => prompt.Turns).Where(turn => turn.Exchange.Usage?.InputTokens is not null)], scale)],
        };
    }

    private static List<TimelineCall> Calls(AgentView agent, TimelineScale scale)
    {
        var calls = new List<TimelineCall>();
        for (var at = 0; at < agent.Calls.Count; at++)
        {
            var call = agent.Calls[at];
            var from = AgentView.At(call);
            var first = from + TimeSpan.FromMilliseconds(call.Timing.TtfbMs ?? call.Timing.DurationMs ?? 0);
            var placed = new TimelineCall(call, scale.X(from), scale.X(first), Math.Max(scale.X(AgentView.End(call)), scale.X(from) + 1), call.Turn.Seq is null, CacheWords.IsMissed(call));
            if (agent.Calls.Count > CallsApartMax && calls.Count > 0 && placed.Start - calls[^1].Start < ApartPixels && placed is { IsFailed: false, IsMissed: false })
            {
                continue;
            }

            var next = at + 1 < agent.Calls.Count ? agent.Calls[at + 1] : null;
            calls.Add(placed with { ToolsUntil = next is not null && AsksForTools(call) && scale.IsBusyBetween(AgentView.End(call), AgentView.At(next)) ? scale.X(AgentView.At(next)) : null });
        }

        return calls;
    }

    // By the vendors' words for why an answer stopped, where facts alone were read.
    private static bool AsksForTools(ExchangeRecord call) =>
        call.Reply?.ToolCalls.Count > 0 || call.StopReason?.StartsWith("tool", StringComparison.OrdinalIgnoreCase) == true;

    // Each stands until the next call, but not over a silence.
    private static IEnumerable<TimelineContext> Contexts(List<TurnView> turns, TimelineScale scale)
    {
        var drawn = double.NegativeInfinity;
        for (var at = 0; at < turns.Count; at++)
        {
            var (usage, from, ended) = (turns[at].Exchange.Usage!, scale.X(turns[at].At), scale.X(AgentView.End(turns[at].Exchange)));
            var next = at + 1 < turns.Count ? turns[at + 1].At : (DateTimeOffset?)null;
            if (turns.Count > CallsApartMax && from - drawn < ApartPixels)
            {
                continue;
            }

            drawn = from;
            var (read, written) = (usage.CacheReadTokens ?? 0, usage.CacheWriteTokens ?? 0);
            var to = next is { } then && scale.IsBusyBetween(turns[at].At, then) ? Math.Max(ended, scale.X(then)) : ended;
            yield return new TimelineContext(from, Math.Max(to, from + (turns.Count > CallsApartMax ? ApartPixels : 1)), read, written, Math.Max(0, usage.InputTokens!.Value - read - written));
        }
    }

    // Stretches of time in which something happened.
    private static List<(DateTimeOffset From, DateTimeOffset To)> Busy(List<(DateTimeOffset From, DateTimeOffset To)> spans)
    {
        var lengths = spans.Select(span => span.To - span.From).Order().ToList();
        var median = lengths[lengths.Count / 2];
        var silence = TimeSpan.FromTicks(Math.Max(SilenceMin.Ticks, median.Ticks * MedianTimes));
        List<(DateTimeOffset From, DateTimeOffset To)> busy = [spans[0]];
        foreach (var (from, to) in spans.Skip(1))
        {
            var (began, ended) = busy[^1];
            if (from - ended > silence)
            {
                busy.Add((from, to));
            }
            else if (to > ended)
            {
                busy[^1] = (began, to);
            }
        }

        return busy;
    }
}
