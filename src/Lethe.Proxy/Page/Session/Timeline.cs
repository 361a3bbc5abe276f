using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>A call on a lane. Places are in pixels from the left.</summary>
/// <param name="Answering">Where its first byte came.</param>
public sealed record TimelineCall(double Start, double Answering, double End, bool IsFailed, bool IsMissed);

public sealed record TimelineLane(AgentView Agent, IReadOnlyList<TimelineCall> Calls);

/// <summary>Time that was left out, as wide as all such, with what it was.</summary>
public sealed record TimelineFold(double At, string Label);

/// <summary>Where a prompt was said.</summary>
public sealed record TimelinePrompt(double At, int Number);

/// <summary>What stood in the context of one call: tokens read from the cache, written to it, and neither.</summary>
public sealed record TimelineContext(double From, double To, long Read, long Written, long Fresh);

/// <summary>The agents' calls by wall time, a lane each. Long silences are folded: longer than ten times the median call and two minutes.</summary>
public sealed record Timeline(IReadOnlyList<TimelineLane> Lanes, IReadOnlyList<TimelineFold> Folds)
{
    public IReadOnlyList<TimelinePrompt> Prompts { get; private init; } = [];

    /// <summary>Of the session that is looked at, turn by turn.</summary>
    public IReadOnlyList<TimelineContext> Context { get; private init; } = [];

    public long ContextMax => Context.Count == 0 ? 0 : Context.Max(one => one.Read + one.Written + one.Fresh);

    public const double FoldWidth = 56;
    private const int MedianTimes = 10;
    private static readonly TimeSpan SilenceMin = TimeSpan.FromMinutes(2);

    /// <param name="agents">Those that get a lane.</param>
    /// <param name="prompts">Those of the session that is looked at.</param>
    public static Timeline Of(IReadOnlyList<AgentView> agents, IReadOnlyList<PromptView> prompts, double width)
    {
        var spans = agents.SelectMany(agent => agent.Calls).Select(call => (From: AgentView.At(call), To: End(call))).OrderBy(span => span.From).ToList();
        if (spans.Count == 0)
        {
            return new Timeline([.. agents.Select(agent => new TimelineLane(agent, []))], []);
        }

        var busy = Busy(spans);
        var silent = busy.Count - 1;
        var whole = busy.Sum(stretch => (stretch.To - stretch.From).TotalMilliseconds);
        var room = Math.Max(1, width - (silent * FoldWidth));
        var scale = whole > 0 ? room / whole : 0;
        var lanes = agents.Select(agent => new TimelineLane(agent, [.. agent.Calls.Select(call => Place(call))])).ToList();
        var folds = busy.SkipLast(1).Select((stretch, at) => new TimelineFold(X(stretch.To), Captured.Figure.Duration(busy[at + 1].From - stretch.To))).ToList();
        return new Timeline(lanes, folds)
        {
            Prompts = [.. prompts.Where(prompt => prompt.Turns.Count > 0).Select(prompt => new TimelinePrompt(X(prompt.Turns[0].At), prompt.Number))],
            Context = [.. Contexts([.. prompts.SelectMany(prompt => prompt.Turns).Where(turn => turn.Exchange.Usage?.InputTokens is not null)])],
        };

        // Each stands until the next call, but not over a silence.
        IEnumerable<TimelineContext> Contexts(List<TurnView> turns)
        {
            for (var at = 0; at < turns.Count; at++)
            {
                var (usage, ended) = (turns[at].Exchange.Usage!, X(End(turns[at].Exchange)));
                var next = at + 1 < turns.Count ? X(turns[at + 1].At) : ended;
                var isAcross = busy.Exists(stretch => stretch.To >= turns[at].At && at + 1 < turns.Count && stretch.To < turns[at + 1].At);
                var (read, written) = (usage.CacheReadTokens ?? 0, usage.CacheWriteTokens ?? 0);
                yield return new TimelineContext(X(turns[at].At), isAcross ? ended : Math.Max(ended, next), read, written, Math.Max(0, usage.InputTokens!.Value - read - written));
            }
        }

        TimelineCall Place(ExchangeRecord call)
        {
            var from = AgentView.At(call);
            var first = from + TimeSpan.FromMilliseconds(call.Timing.TtfbMs ?? call.Timing.DurationMs ?? 0);
            return new TimelineCall(X(from), X(first), Math.Max(X(End(call)), X(from) + 1), call.Turn.Seq is null, CacheWords.IsMissed(call));
        }

        double X(DateTimeOffset at)
        {
            double x = 0;
            for (var stretch = 0; stretch < busy.Count; stretch++)
            {
                var (from, to) = busy[stretch];
                if (at <= to)
                {
                    return x + (Math.Max(0, (at - from).TotalMilliseconds) * scale);
                }

                x += ((to - from).TotalMilliseconds * scale) + FoldWidth;
            }

            return width;
        }
    }

    private static DateTimeOffset End(ExchangeRecord call) => AgentView.At(call) + TimeSpan.FromMilliseconds(call.Timing.DurationMs ?? 0);

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
