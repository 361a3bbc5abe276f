using System.Globalization;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Captured;

/// <summary>Numbers and times as the page writes them; what is not known is a dash, never 0.</summary>
internal static class Figure
{
    public const string NotTold = "–";
    private const decimal NanoUsdPerUsd = 1_000_000_000m;
    private const decimal TwoPlacesFromUsd = 0.10m;

    /// <summary>Two places from ten cents, four below.</summary>
    public static string Money(long? nanoUsd) => nanoUsd is not { } known ? NotTold
        : known == 0 ? "$0"
        : "$" + (known / NanoUsdPerUsd is var usd && usd >= TwoPlacesFromUsd ? usd.ToString("#,0.00", CultureInfo.InvariantCulture) : usd.ToString("0.0000", CultureInfo.InvariantCulture));

    /// <summary>What one call cost; at least so much where its last word on usage never came.</summary>
    public static string Money(ExchangeRecord exchange) => (exchange is { Usage.Source: UsageRecord.Partial, CostNanoUsd: not null } ? "≥ " : "") + Money(exchange.CostNanoUsd);

    public static string Exact(long? number) => number?.ToString("#,0", CultureInfo.InvariantCulture) ?? NotTold;

    /// <summary>93,033 → 93 k; 4,460,000 → 4.46 M.</summary>
    public static string Tokens(long? number) => number switch
    {
        null => NotTold,
        < 1000 => number.Value.ToString(CultureInfo.InvariantCulture),
        < 1_000_000 => (number.Value / 1000.0).ToString("0", CultureInfo.InvariantCulture) + " k",
        _ => (number.Value / 1_000_000.0).ToString("0.##", CultureInfo.InvariantCulture) + " M",
    };

    public static string Duration(double? milliseconds) => milliseconds switch
    {
        null => NotTold,
        < 1000 => (milliseconds.Value / 1000).ToString("0.00", CultureInfo.InvariantCulture) + " s",
        < 60_000 => (milliseconds.Value / 1000).ToString("0.0", CultureInfo.InvariantCulture) + " s",
        _ => Duration(TimeSpan.FromMilliseconds(milliseconds.Value)),
    };

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        { TotalHours: < 48 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    public static string Percent(long part, long whole) => whole == 0 ? NotTold : (100.0 * part / whole).ToString("0", CultureInfo.InvariantCulture) + " %";

    public static string Bytes(long bytes) => Terminal.Format.Bytes(bytes);

    /// <summary>For <c>datetime</c>: RFC 3339 in UTC.</summary>
    public static string Machine(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Time of day in UTC; the page's script writes the reader's own in its place.</summary>
    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>An SVG attribute.</summary>
    public static string Svg(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Plural(long count, string one, string many) => $"{Exact(count)} {(count == 1 ? one : many)}";
}
