namespace Lethe.Proxy.Page.Session;

/// <summary>Where a moment lies in a timeline: stretches in which something happened stand side by side, with a fold as wide as all others between two.</summary>
/// <param name="busy">In the order of time; at least one.</param>
/// <param name="width">Of all of it, in pixels.</param>
internal sealed class TimelineScale(IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> busy, double width, double foldWidth)
{
    private const int TicksMax = 12;
    private const double TickApart = 64;
    private const double LabelWidth = 50;
    private static readonly double[] StepSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800];

    private readonly double perMillisecond = busy.Sum(stretch => (stretch.To - stretch.From).TotalMilliseconds) is > 0 and var whole
        ? Math.Max(1, width - ((busy.Count - 1) * foldWidth)) / whole
        : 0;

    public double X(DateTimeOffset at)
    {
        double x = 0;
        foreach (var (from, to) in busy)
        {
            if (at <= to)
            {
                return x + (Math.Max(0, (at - from).TotalMilliseconds) * perMillisecond);
            }

            x += ((to - from).TotalMilliseconds * perMillisecond) + foldWidth;
        }

        return width;
    }

    /// <summary>True where no fold lies between the two.</summary>
    public bool IsBusyBetween(DateTimeOffset from, DateTimeOffset to) => busy.Any(stretch => stretch.From <= from && to <= stretch.To);

    /// <summary>Round times of day, as many as there is room for.</summary>
    public IEnumerable<TimelineTick> Ticks()
    {
        if (perMillisecond == 0)
        {
            yield break;
        }

        var step = StepSeconds.FirstOrDefault(seconds => seconds * 1000 * perMillisecond >= Math.Max(TickApart, width / TicksMax), StepSeconds[^1]);
        var taken = double.NegativeInfinity;
        foreach (var (from, to) in busy)
        {
            var first = Math.Ceiling(from.ToUnixTimeMilliseconds() / (step * 1000)) * step * 1000;
            for (var at = DateTimeOffset.FromUnixTimeMilliseconds((long)first); at <= to; at = at.AddSeconds(step))
            {
                // A label neither meets the one before it nor reaches into the fold behind it.
                if (X(at) is var x && x - taken >= TickApart && x <= X(to) - LabelWidth)
                {
                    taken = x;
                    yield return new TimelineTick(x, at, step < 60);
                }
            }
        }
    }
}
