using System.Globalization;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Captured;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Costs;

/// <summary>What calls cost in a stretch of time, apart by one kind, and in the stretch before.</summary>
public sealed record CostsView
{
    /// <summary>More kinds than colours can tell apart stand together as one.</summary>
    public const int SeriesMax = 4;

    /// <summary>A year of days, and a day.</summary>
    private const int BarsMax = 366;

    private const string Rest = "all others";

    public required string By { get; init; }

    public required string Range { get; init; }

    /// <summary>Largest cost first; days in their order.</summary>
    public required IReadOnlyList<Figures> Rows { get; init; }

    public required Figures Total { get; init; }

    /// <summary>Of the same length of time, right before; null where the range has no beginning.</summary>
    public required Figures? Before { get; init; }

    /// <summary>What sub-agents cost.</summary>
    public required long AgentsNanoUsd { get; init; }

    /// <summary>The kinds that the chart tells apart, largest first.</summary>
    public required IReadOnlyList<string> Series { get; init; }

    public required IReadOnlyList<CostBar> Bars { get; init; }

    public bool IsByTheHour { get; private init; }

    public static IReadOnlyList<(string Value, string Name, TimeSpan? Length)> Ranges { get; } =
    [
        ("24h", "last 24 h", TimeSpan.FromHours(24)), ("7d", "last 7 days", TimeSpan.FromDays(7)), ("30d", "last 30 days", TimeSpan.FromDays(30)), ("365d", "last year", TimeSpan.FromDays(365)), ("ever", "ever", null),
    ];

    internal static IReadOnlyList<string> Keys => StatsDocument.Keys;

    public static CostsView Read(StoreReader reader, string org, FigureKey by, string range, DateTimeOffset now)
    {
        var length = Ranges.FirstOrDefault(known => known.Value == range).Length;
        var isByTheHour = length <= TimeSpan.FromHours(24);
        var filter = new FigureFilter { By = by, Since = now - length };
        var rows = reader.Figures(org, filter);
        List<string> series = by == FigureKey.Day ? [] : [.. rows.OrderByDescending(row => row.CostNanoUsd).ThenBy(row => row.Key, StringComparer.Ordinal).Select(row => row.Key).Take(rows.Count > SeriesMax ? SeriesMax - 1 : SeriesMax)];
        var bucket = isByTheHour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);
        var bucketed = reader.Figures(org, filter with { Bucket = bucket }).ToLookup(row => row.At!.Value);
        return new CostsView
        {
            By = by.ToString().ToLowerInvariant(),
            Range = range,
            Rows = by == FigureKey.Day ? rows : [.. rows.OrderByDescending(row => row.CostNanoUsd).ThenBy(row => row.Key, StringComparer.Ordinal)],
            Total = Figures.Sum("", rows),
            Before = length is { } long1 ? Figures.Sum("", reader.Figures(org, filter with { Since = now - (2 * long1), Until = now - long1 })) : null,
            AgentsNanoUsd = reader.Figures(org, filter with { By = FigureKey.Agent }).Where(row => row.Key != "main").Sum(row => row.CostNanoUsd),
            Series = rows.Count > series.Count && by != FigureKey.Day ? [.. series, Rest] : series,
            Bars = [.. Times([.. bucketed.Select(bar => bar.Key)], bucket).Select(at => CostBar.Of(at, [.. bucketed[at]], series, by == FigureKey.Day))],
            IsByTheHour = isByTheHour,
        };
    }

    // From the first to the last, those without a call too; the newest of them where they are more than can be drawn.
    private static IEnumerable<DateTimeOffset> Times(IReadOnlyList<DateTimeOffset> known, TimeSpan bucket)
    {
        if (known.Count == 0)
        {
            yield break;
        }

        var (first, last) = (known.Min(), known.Max());
        for (var at = last - first > bucket * BarsMax ? last - (bucket * BarsMax) : first; at <= last; at += bucket)
        {
            yield return at;
        }
    }

    public static string Name(string key) => key.Length == 0 ? "not told" : key;

    public string Time(DateTimeOffset at) => at.ToString(IsByTheHour ? "MM-dd HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>In words, against the stretch before.</summary>
    public string Change() => Before is not { CostNanoUsd: > 0 and var before } ? "" : $"{Figure.Money(before)} in the time before";
}

/// <summary>A day or an hour.</summary>
/// <param name="Parts">In the order of <see cref="CostsView.Series"/>, nano-USD.</param>
public sealed record CostBar(DateTimeOffset At, IReadOnlyList<long> Parts)
{
    public long Total => Parts.Sum();

    public static CostBar Of(DateTimeOffset at, IReadOnlyList<Figures> rows, IReadOnlyList<string> series, bool isWhole) => isWhole
        ? new CostBar(at, [rows.Sum(row => row.CostNanoUsd)])
        : new CostBar(at, [.. series.Select(key => rows.Where(row => row.Key == key).Sum(row => row.CostNanoUsd)), rows.Where(row => !series.Contains(row.Key)).Sum(row => row.CostNanoUsd)]);
}
