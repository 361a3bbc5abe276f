using System.Globalization;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Terminal;

/// <summary>Numbers and times as a person reads them.</summary>
internal static class Format
{
    private const decimal NanoUsdPerUsd = 1_000_000_000m;

    /// <summary>Dollars with as many places as small sums need; a dash when unknown.</summary>
    public static string Money(long? nanoUsd) => nanoUsd is { } known
        ? "$" + (known / NanoUsdPerUsd).ToString(known >= 1_000_000_000 ? "0.00" : "0.0000", CultureInfo.InvariantCulture)
        : "-";

    /// <summary>What one call cost; at least so much where its last word on usage never came.</summary>
    public static string Money(ExchangeRecord exchange) => (exchange is { Usage.Source: UsageRecord.Partial, CostNanoUsd: not null } ? "≥ " : "") + Money(exchange.CostNanoUsd);

    /// <summary>1234 → 1.2k, 1234567 → 1.2M; a dash when unknown.</summary>
    public static string Count(long? number) => number switch
    {
        null => "-",
        < 10_000 => number.Value.ToString(CultureInfo.InvariantCulture),
        < 1_000_000 => (number.Value / 1000.0).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        _ => (number.Value / 1_000_000.0).ToString("0.#", CultureInfo.InvariantCulture) + "M",
    };

    public static string Duration(double? milliseconds) => milliseconds switch
    {
        null => "-",
        < 1000 => milliseconds.Value.ToString("0", CultureInfo.InvariantCulture) + "ms",
        < 120_000 => (milliseconds.Value / 1000).ToString("0.0", CultureInfo.InvariantCulture) + "s",
        _ => (milliseconds.Value / 60_000).ToString("0.0", CultureInfo.InvariantCulture) + "min",
    };

    /// <summary>1234 → 1.2 KiB; a power of 1024 with at most one place.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        double amount = bytes;
        for (; amount >= 1024 && unit < units.Length - 1; unit++)
        {
            amount /= 1024;
        }

        return amount.ToString("0.#", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>One line of at most <paramref name="columnsMax"/> characters, printable.</summary>
    public static string OneLine(string text, int columnsMax)
    {
        var line = Printable.Line(text);
        if (line.Length <= columnsMax)
        {
            return line;
        }

        var end = columnsMax - 1;
        return line[..(end > 0 && char.IsHighSurrogate(line[end - 1]) ? end - 1 : end)] + "…";
    }
}
