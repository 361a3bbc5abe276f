using System.Globalization;
using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Benchmarks;

/// <summary>How soon every door listens, beside an empty data directory, when there is a large journal that no store has taken in.</summary>
internal static class StartBenchmark
{
    private const int Starts = 5;
    private const int WrittenAtOnce = 1000;
    private const int GigabytesUsual = 2;
    private const long Gigabyte = 1024 * 1024 * 1024;

    public static Task RunAsync(Report report) => RunAsync(report, GigabytesUsual);

    /// <param name="gigabytes">Of the larger journal.</param>
    public static async Task RunAsync(Report report, int gigabytes)
    {
        await using var upstream = await Upstream.StartAsync();
        var rows = new List<string[]>();
        foreach (var size in (int[])[0, gigabytes])
        {
            var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
            try
            {
                // The first start makes the data directory.
                await ProxyUnderTest.StartTimeAsync(directory, upstream.Address);
                await FillAsync(Path.Combine(directory, "data", "journal"), size * Gigabyte);
                var took = new List<double>();
                for (var start = 0; start < Starts; start++)
                {
                    took.Add((await ProxyUnderTest.StartTimeAsync(directory, upstream.Address)).TotalSeconds);
                }

                rows.Add([$"{size} GiB", Seconds(Report.Median(took)), Seconds(took.Max())]);
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        report.Table($"From the start of the process until every door listens, {Starts} starts", ["journal", "median", "longest"], rows);
    }

    private static async Task FillAsync(string directory, long bytes)
    {
        await using var journal = Journal.Open(new JournalSettings { Directory = directory }, TimeProvider.System, NullLogger.Instance);
        for (var written = 0; (long)written * JournalBenchmark.ExchangeBytes < bytes; written += WrittenAtOnce)
        {
            var appended = Enumerable.Range(written, WrittenAtOnce).Select(number => journal.AppendAsync(JournalBenchmark.Exchange(number))).ToList();
            if ((await Task.WhenAll(appended)).Contains(false))
            {
                throw new InvalidOperationException("The disk refused.");
            }
        }
    }

    private static string Seconds(double seconds) => seconds.ToString("0.00 s", CultureInfo.InvariantCulture);
}
