namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// A load on the floors and on lethe in turns, so that what the machine's neighbours do falls on all. Each process is warmed once; the medians of the
/// rounds are told, with the lowest and the highest ratio. Of several floors each figure is asked by the floor's place, the first by default.
/// </summary>
internal sealed class Rounds<T>(IReadOnlyList<(T[] Floors, T Lethe)> measured)
{
    private const int CountUsual = 5;

    // Ingest does a second of work before it gives way to the calls; under a load that lasts that is once.
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan EachUsual = TimeSpan.FromSeconds(3);

    public static Task<Rounds<T>> RunAsync(ProxyUnderTest floor, ProxyUnderTest lethe, Func<ProxyUnderTest, TimeSpan, Task<T>> load) =>
        RunAsync([floor], lethe, load, CountUsual, EachUsual);

    public static Task<Rounds<T>> RunAsync(IReadOnlyList<ProxyUnderTest> floors, ProxyUnderTest lethe, Func<ProxyUnderTest, TimeSpan, Task<T>> load) =>
        RunAsync(floors, lethe, load, CountUsual, EachUsual);

    /// <param name="load">Loads one of them for about so long.</param>
    /// <param name="each">How long a measured load lasts.</param>
    public static async Task<Rounds<T>> RunAsync(IReadOnlyList<ProxyUnderTest> floors, ProxyUnderTest lethe, Func<ProxyUnderTest, TimeSpan, Task<T>> load, int count, TimeSpan each)
    {
        var measured = new List<(T[], T)>();
        for (var round = 0; round < count; round++)
        {
            // What lethe has put off until the load ends must not slow the floors.
            await lethe.SettleAsync();
            var ofFloors = new T[floors.Count];
            for (var floor = 0; floor < floors.Count; floor++)
            {
                ofFloors[floor] = await OneAsync(floors[floor]);
                await floors[floor].SettleAsync();
            }

            measured.Add((ofFloors, await OneAsync(lethe)));
        }

        return new Rounds<T>(measured);

        async Task<T> OneAsync(ProxyUnderTest proxy)
        {
            await load(proxy, LeadIn);
            return await load(proxy, each);
        }
    }

    public double Floor(Func<T, double> figure, int floor = 0) => Report.Median(measured.Select(round => figure(round.Floors[floor])));

    public double Lethe(Func<T, double> figure) => Report.Median(measured.Select(round => figure(round.Lethe)));

    public TimeSpan Added(Func<T, TimeSpan> figure, int floor = 0) =>
        TimeSpan.FromTicks((long)Report.Median(measured.Select(round => (double)(figure(round.Lethe) - figure(round.Floors[floor])).Ticks)));

    /// <summary>The median of the rounds' ratios, and the range.</summary>
    public string Ratio(Func<T, double> figure, int floor = 0)
    {
        var ratios = measured.Select(round => figure(round.Lethe) / figure(round.Floors[floor])).Order().ToList();
        return $"{Report.Ratio(Report.Median(ratios))} ({Report.Ratio(ratios[0])} to {Report.Ratio(ratios[^1])})";
    }
}
