using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Exchanges a second into the journal alone, against raw vectored appends of the same bytes with syncs at the same interval, in turns.</summary>
internal static class JournalBenchmark
{
    public const int ExchangeBytes = RequestBytes + ResponseBytes;

    private const int Exchanges = 3000;
    private const int RequestBytes = 40_000;
    private const int ResponseBytes = 4_000;
    private const int Rounds = 5;
    // Code that runs for the first time is translated while it runs, which a recorder does once and these rounds would tell every time.
    private const int WarmUpRounds = 6;
    private const int LineBytes = 360;
    private const int HandOverBytes = 1024 * 1024;

    public static async Task RunAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            var exchanges = Enumerable.Range(0, Exchanges).Select(Exchange).ToList();
            var rounds = new List<(Pass Raw, Pass Journal)>();
            for (var round = 0; round < WarmUpRounds + Rounds; round++)
            {
                var place = Path.Combine(directory, $"{round}");
                Directory.CreateDirectory(place);
                rounds.Add((await PassAsync(() => RawAsync(place, exchanges)), await PassAsync(() => JournalAsync(Path.Combine(place, "journal"), exchanges))));
                Directory.Delete(place, recursive: true);
            }

            rounds.RemoveRange(0, WarmUpRounds);
            var (raw, journal) = (Report.Median(rounds.Select(round => round.Raw.Rate)), Report.Median(rounds.Select(round => round.Journal.Rate)));
            const double Megabytes = ExchangeBytes / 1e6;
            report.Table(
                $"The journal alone, {Exchanges} exchanges of {ExchangeBytes / 1000} KB that repeat nothing, until all are synced",
                ["", "exchanges/s", "MB/s", "of raw appends", "processor time an exchange"],
                [
                    ["raw vectored appends to two files, synced every 5 ms", Report.Count(raw), Report.Count(raw * Megabytes), Report.Ratio(1), Cost(rounds.Select(round => round.Raw))],
                    ["journal, relaxed", Report.Count(journal), Report.Count(journal * Megabytes), Report.Ratio(Report.Median(rounds.Select(round => round.Journal.Rate / round.Raw.Rate))), Cost(rounds.Select(round => round.Journal))],
                ]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Cost(IEnumerable<Pass> passes) => Report.Micros(TimeSpan.FromMicroseconds(Report.Median(passes.Select(pass => pass.Processor.TotalMicroseconds / Exchanges))));

    private static async Task<Pass> PassAsync(Func<Task<double>> run)
    {
        GC.Collect();
        var before = Environment.CpuUsage.TotalTime;
        var rate = await run();
        return new Pass(rate, Environment.CpuUsage.TotalTime - before);
    }

    private static async Task<double> JournalAsync(string directory, List<CapturedExchange> exchanges)
    {
        await using var journal = Journal.Open(new JournalSettings { Directory = directory, SegmentBytesMax = 1L << 30 }, TimeProvider.System, NullLogger.Instance);
        var began = Stopwatch.GetTimestamp();
        var written = exchanges.ConvertAll(journal.AppendAsync);
        if ((await Task.WhenAll(written)).Contains(false))
        {
            throw new InvalidOperationException("The disk refused.");
        }

        return Exchanges / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<double> RawAsync(string directory, List<CapturedExchange> exchanges)
    {
        using var bodies = File.OpenHandle(Path.Combine(directory, "bodies"), FileMode.CreateNew, FileAccess.ReadWrite);
        using var lines = File.OpenHandle(Path.Combine(directory, "lines"), FileMode.CreateNew, FileAccess.ReadWrite);
        using var done = new CancellationTokenSource();
        var head = new byte[300];
        var began = Stopwatch.GetTimestamp();
        var syncing = Task.Factory.StartNew(
            () =>
            {
                while (!done.Token.WaitHandle.WaitOne(5))
                {
                    Sync();
                }
            },
            TaskCreationOptions.LongRunning);
        await Task.Factory.StartNew(Append, TaskCreationOptions.LongRunning);
        await done.CancelAsync();
        await syncing;
        Sync();
        return Exchanges / Stopwatch.GetElapsedTime(began).TotalSeconds;

        void Append()
        {
            var (pieces, gathered, bodiesEnd, linesEnd) = (new List<ReadOnlyMemory<byte>>(), 0L, 0L, 0L);
            foreach (var exchange in exchanges)
            {
                pieces.AddRange([head, exchange.Request.Bytes, exchange.Response.Bytes]);
                gathered += head.Length + ExchangeBytes;
                if (gathered >= HandOverBytes || ReferenceEquals(exchange, exchanges[^1]))
                {
                    RandomAccess.Write(bodies, pieces, bodiesEnd);
                    bodiesEnd += gathered;
                    var text = new byte[LineBytes * pieces.Count / 3];
                    RandomAccess.Write(lines, text, linesEnd);
                    linesEnd += text.Length;
                    pieces.Clear();
                    gathered = 0;
                }
            }
        }

        void Sync()
        {
            RandomAccess.FlushToDisk(bodies);
            RandomAccess.FlushToDisk(lines);
        }
    }

    /// <summary>A whole call that repeats nothing.</summary>
    public static CapturedExchange Exchange(int number)
    {
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(number);
        var id = ExchangeId.New(at);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = at,
            Method = "POST",
            Path = "/v1/messages",
            Upstream = "anthropic",
            RequestHeaders = [new("user-agent", "claude-cli/2.1.329 (external, cli)"), new("content-type", "application/json")],
            Request = Body(RequestBytes),
            Status = 200,
            ResponseHeaders = [new("content-type", "application/json"), new("request-id", $"req_{number:000000000000}")],
            Response = Body(ResponseBytes),
            Ending = Ending.Completed,
            Duration = TimeSpan.FromSeconds(1),
        };
    }

    private static CapturedBody Body(int length)
    {
        var bytes = Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(length * 3 / 4)));
        return new CapturedBody { Bytes = bytes, WireBytes = bytes.Length };
    }

    /// <summary>All exchanges once: how many a second, and what the processors did for it.</summary>
    private readonly record struct Pass(double Rate, TimeSpan Processor);
}
