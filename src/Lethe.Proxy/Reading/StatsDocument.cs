using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What calls cost and how they went, apart by one kind. Money is list price, in nano-USD.</summary>
internal sealed record StatsDocument(string By, string? Bucket, DateTimeOffset? Since, DateTimeOffset? Until, IReadOnlyList<Figures> Items, Figures Total)
{
    /// <summary>The names of <see cref="FigureKey"/>.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Enum.GetNames<FigureKey>().Select(name => name.ToLowerInvariant())];

    public static StatsDocument Of(StoreReader reader, IReadOnlyList<string> orgs, FigureFilter filter)
    {
        var items = orgs is [var org] ? reader.Figures(org, filter) :
        [
            .. orgs.SelectMany(one => reader.Figures(one, filter)).GroupBy(figures => (figures.At, figures.Key)).Select(same => Figures.Sum(same.Key.Key, same) with { At = same.Key.At })
                .OrderBy(figures => figures.At).ThenBy(figures => figures.Key, StringComparer.Ordinal),
        ];
        return new StatsDocument(
            filter.By.ToString().ToLowerInvariant(), filter.Bucket is { } bucket ? bucket == TimeSpan.FromHours(1) ? "hour" : "day" : null, filter.Since, filter.Until, items, Figures.Sum("", items));
    }

    public static FigureKey? TryKey(string name) => Keys.Contains(name, StringComparer.Ordinal) ? Enum.Parse<FigureKey>(name, ignoreCase: true) : null;
}
