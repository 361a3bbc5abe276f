namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// A load on the floor and on lethe in turns, so that what the machine's neighbours do falls on both. Each process is warmed once; the medians of the
/// rounds are told, with the lowest and the highest ratio.
/// </summary>
internal sealed class Rounds<T>(IReadOnlyList<(T Floor, T Lethe)> measured)
{
    private const int Count = 5;

    // Ingest does a second of work before it gives way to the calls; under a load that lasts that is once.
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(4);

    /// <param name="load">Loads one of the two for about so long.</param>
    public static async Task<Rounds<T>> RunAsync(ProxyUnderTest floor, ProxyUnderTest lethe, Func<ProxyUnderTest, TimeSpan, Task<T>> load)
    {
        var measured = new List<(T, T)>();
        for (var round = 0; round < Count; round++)
        {
            // What lethe has put off until the load ends must not slow the floor.
            await lethe.SettleAsync();
            measured.Add((await OneAsync(floor), await OneAsync(lethe)));
        }

        return new Rounds<T>(measured);

        async Task<T> OneAsync(ProxyUnderTest proxy)
        {
            await load(proxy, LeadIn);
            return await load(proxy, Each);
        }
    }

    public double Floor(Func<T, double> figure) => Report.Median(measured.Select(round => figure(round.Floor)));

    public double Lethe(Func<T, double> figure) => Report.Median(measured.Select(round => figure(round.Lethe)));

    public TimeSpan Added(Func<T, TimeSpan> figure) =>
        TimeSpan.FromTicks((long)Report.Median(measured.Select(round => (double)(figure(round.Lethe) - figure(round.Floor)).Ticks)));

    /// <summary>The median of the rounds' ratios, and the range.</summary>
    public string Ratio(Func<T, double> figure)
    {
        var ratios = measured.Select(round => figure(round.Lethe) / figure(round.Floor)).Order().ToList();
        return $"{Report.Ratio(Report.Median(ratios))} ({Report.Ratio(ratios[0])} to {Report.Ratio(ratios[^1])})";
    }
}
