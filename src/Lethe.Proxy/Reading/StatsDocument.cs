using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What calls cost and how they went, apart by one kind. Money is list price, in nano-USD.</summary>
internal sealed record StatsDocument(string By, string? Bucket, DateTimeOffset? Since, DateTimeOffset? Until, IReadOnlyList<Figures> Items, Figures Total)
{
    /// <summary>The names of <see cref="FigureKey"/>.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Enum.GetNames<FigureKey>().Select(name => name.ToLowerInvariant())];

    public static StatsDocument Of(StoreReader reader, string org, FigureFilter filter)
    {
        var items = reader.Figures(org, filter);
        return new StatsDocument(
            filter.By.ToString().ToLowerInvariant(), filter.Bucket is { } bucket ? bucket == TimeSpan.FromHours(1) ? "hour" : "day" : null, filter.Since, filter.Until, items, Figures.Sum("", items));
    }

    public static FigureKey? TryKey(string name) => Keys.Contains(name, StringComparer.Ordinal) ? Enum.Parse<FigureKey>(name, ignoreCase: true) : null;
}
