using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Metrics;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>How lethe is, gathered from where each part tells it. Made at the start, which it remembers.</summary>
internal sealed class HealthReading(ReadinessCheck readiness, StoreReader reader, LetheSettings settings, MetricRegistry metrics, EventStream events, TimeProvider time)
{
    private static readonly string[] Counted = ["lethe_drops_total", "lethe_replays_total", "lethe_conflicts_total", "lethe_journal_failures_total"];

    private static readonly string Version =
        typeof(HealthReading).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly DateTimeOffset startedAt = time.GetUtcNow();

    /// <param name="org">Whose dead letters are counted.</param>
    public async Task<HealthDocument> ReadAsync(string org, CancellationToken stopping)
    {
        var state = readiness.State();
        var options = settings.Options;
        var whyNot = readiness.WhyNot(state);
        using var configuration = JsonDocument.Parse(EffectiveConfiguration.Render(settings));
        return new HealthDocument(
            whyNot is null,
            whyNot,
            Version,
            startedAt,
            (time.GetUtcNow() - startedAt).TotalSeconds,
            new HealthDoors(options.Listen, options.AdminListen, string.IsNullOrEmpty(options.ExtProc.Listen) ? null : options.ExtProc.Listen),
            state,
            Directory.Exists(options.DataDirectory) ? DataSizes.Of(options.DataDirectory) : null,
            events.Listeners,
            LastVerify.Of(options.DataDirectory),
            Directory.Exists(DataLayout.Journal(options.DataDirectory)) ? Directory.GetFiles(DataLayout.Journal(options.DataDirectory), "*.lines*").Length : 0,
            await CountsAsync(stopping),
            state.StoreReachable ? reader.DeadLetters(org).GroupBy(letter => letter.Code).ToDictionary(letters => letters.Key, letters => letters.Count()) : new Dictionary<string, int>(),
            configuration.RootElement.Clone());
    }

    // A scrape has them all; https://prometheus.io/docs/instrumenting/exposition_formats/
    private async Task<Dictionary<string, double>> CountsAsync(CancellationToken stopping)
    {
        using var scrape = new MemoryStream();
        await metrics.Collectors.CollectAndExportAsTextAsync(scrape, stopping);
        return Encoding.UTF8.GetString(scrape.GetBuffer(), 0, (int)scrape.Length).Split('\n')
            .Where(line => Array.Exists(Counted, name => line.StartsWith(name, StringComparison.Ordinal)) && line.Contains(' ', StringComparison.Ordinal))
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }
}
