using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>A call on a lane. Places are in pixels from the left.</summary>
/// <param name="Answering">Where its first byte came.</param>
public sealed record TimelineCall(double Start, double Answering, double End, bool IsFailed);

public sealed record TimelineLane(AgentView Agent, IReadOnlyList<TimelineCall> Calls);

/// <summary>Time that was left out, as wide as all such, with what it was.</summary>
public sealed record TimelineFold(double At, string Label);

/// <summary>The agents' calls by wall time, a lane each. Long silences are folded: longer than ten times the median call and two minutes.</summary>
public sealed record Timeline(IReadOnlyList<TimelineLane> Lanes, IReadOnlyList<TimelineFold> Folds)
{
    public const double FoldWidth = 56;
    private const int MedianTimes = 10;
    private static readonly TimeSpan SilenceMin = TimeSpan.FromMinutes(2);

    /// <param name="agents">Those that get a lane.</param>
    public static Timeline Of(IReadOnlyList<AgentView> agents, double width)
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
        return new Timeline(lanes, folds);

        TimelineCall Place(ExchangeRecord call)
        {
            var from = AgentView.At(call);
            var first = from + TimeSpan.FromMilliseconds(call.Timing.TtfbMs ?? call.Timing.DurationMs ?? 0);
            return new TimelineCall(X(from), X(first), Math.Max(X(End(call)), X(from) + 1), call.Turn.Seq is null);
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
