using System.Globalization;
using System.Runtime.InteropServices;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Markdown tables, as the README shows them.</summary>
internal sealed class Report(TextWriter output)
{
    public void Machine()
    {
        var cpu = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
        output.WriteLine($"{Environment.ProcessorCount} cores, {cpu}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");
    }

    public void Table(string title, string[] columns, IEnumerable<string[]> rows)
    {
        output.WriteLine();
        output.WriteLine($"**{title}**");
        output.WriteLine();
        output.WriteLine($"| {string.Join(" | ", columns)} |");
        output.WriteLine($"|{string.Concat(columns.Select((_, at) => at == 0 ? "---|" : "---:|"))}");
        foreach (var row in rows)
        {
            output.WriteLine($"| {string.Join(" | ", row)} |");
        }

        output.Flush();
    }

    public static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    public static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Ratio(double value) => value.ToString("0.00×", CultureInfo.InvariantCulture);

    public static string Micros(TimeSpan value) => value.TotalMicroseconds.ToString("#,0 µs", CultureInfo.InvariantCulture);

    public static string Percent(double value) => value.ToString("0.0 %", CultureInfo.InvariantCulture);
}
