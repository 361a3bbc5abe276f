using System.Text;

namespace Lethe.Proxy.Metrics;

/// <summary>
/// Instrument names as Prometheus wants them: dots become underscores, the unit and, for counters, <c>_total</c> are appended where they are missing.
/// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
/// </summary>
internal static class PrometheusName
{
    public static string Of(string instrument, string? unit, MetricKind kind)
    {
        var name = Clean(instrument);
        if (kind == MetricKind.Counter && name.EndsWith("_total", StringComparison.Ordinal))
        {
            name = name[..^"_total".Length];
        }

        if (UnitWord(unit) is { } word && !name.EndsWith("_" + word, StringComparison.Ordinal))
        {
            name += "_" + word;
        }

        return kind == MetricKind.Counter ? name + "_total" : name;
    }

    public static string OfLabel(string name) => Clean(name);

    // Units in braces are annotations (UCUM), not units.
    private static string? UnitWord(string? unit) => unit switch
    {
        null or "" or "1" => null,
        "s" => "seconds",
        "By" => "bytes",
        "USD" => "usd",
        _ when unit[0] == '{' => null,
        _ => Clean(unit),
    };

    private static string Clean(string name)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            clean.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
        }

        return clean.Length > 0 && char.IsAsciiDigit(clean[0]) ? "_" + clean : clean.ToString();
    }
}
