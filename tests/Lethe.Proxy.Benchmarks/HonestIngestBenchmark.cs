using System.Diagnostics;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Capture.Repeats;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// Turns a second out of a journal and into a store: agents' conversations whose history is sent again at each turn, read, interpreted and committed by the loop that
/// does it in the product, on all cores. Beside it the very rows that came of it, put into empty tables of the same schema and nothing else.
/// </summary>
internal static class HonestIngestBenchmark
{
    private const int Turns = 201;

    /// <summary>About how many bytes of requests are made for each size.</summary>
    private const long RequestBytesMax = 1_200_000_000;

    /// <summary>The rate rises for that long into each store, while the just-in-time compiler learns what is called most.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    private static readonly int[] Sizes = [50_000, 200_000, 500_000];

    public static Task RunAsync(Report report) => RunAsync(report, Sizes);

    /// <param name="sizes">To how many bytes a conversation's requests grow, each a row.</param>
    public static async Task RunAsync(Report report, IReadOnlyList<int> sizes)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            PostgresUnderTest.LetPass(directory);
            using var postgres = PostgresUnderTest.Start(Path.Combine(directory, "postgres"));
            await WarmUpAsync(directory, postgres);
            var rows = new List<string[]>();
            foreach (var bytes in sizes)
            {
                Console.Error.WriteLine($"ingest, requests that grow to {bytes / 1000} KB …");
                rows.AddRange(await RunAsync(directory, postgres, bytes, (int)(RequestBytesMax / Turns / bytes)));
            }

            report.Table(
                $"Ingest of agents' turns out of the journal, {Turns} turns a conversation, 2 KB of each request new; floor: the same rows into the same tables and indexes, on one connection",
                ["", "conversations", "turns/s", "at turn 2", "at turn 20", "at turn 200", "floor, turns/s", "of the floor", "processor time a turn"],
                rows);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task WarmUpAsync(string directory, PostgresUnderTest postgres)
    {
        var journal = Path.Combine(directory, "warm");
        await WriteAsync(journal, 50_000, 16, seed: 1);
        var clock = Stopwatch.StartNew();
        for (var pass = 0; clock.Elapsed < WarmUp; pass++)
        {
            await PassAsync([journal], (id, stop) => IngestStore.Open(Path.Combine(directory, $"warm-{pass}.db"), id, TimeProvider.System, stop));
        }

        clock.Restart();
        for (var pass = 0; clock.Elapsed < WarmUp; pass++)
        {
            var database = $"warm_{pass}";
            postgres.Create(database);
            await PassAsync([journal], (id, _) => Into(postgres, database, id));
        }

        NpgsqlConnection.ClearAllPools();
    }

    private static IngestStore Into(PostgresUnderTest postgres, string database, Guid journal) =>
        new(PostgresStore.Open(postgres.ConnectionTo(database), TimeProvider.System), journal, TimeProvider.System, journal.ToString());

    private static async Task<List<string[]>> RunAsync(string directory, PostgresUnderTest postgres, int bytes, int conversations)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, $"{bytes}-{conversations}")).FullName;
        string[] journals = [Path.Combine(place, "one"), Path.Combine(place, "two")];
        for (var i = 0; i < journals.Length; i++)
        {
            await WriteAsync(journals[i], bytes, conversations / journals.Length, seed: 100 + (i * 1000));
        }

        var turns = conversations / journals.Length * Turns;
        var file = Path.Combine(place, "lethe.db");
        var sqlite = await PassAsync([journals[0]], (id, stop) => IngestStore.Open(file, id, TimeProvider.System, stop));
        var sqliteFloor = turns / (await RowCopies.SqliteAsync(file, Path.Combine(place, "floor.db"))).TotalSeconds;
        var database = $"turns_{bytes}_{conversations}";
        postgres.Create(database);
        var both = await PassAsync(journals, (id, _) => Into(postgres, database, id));
        NpgsqlConnection.ClearAllPools();
        var postgresFloor = 2 * turns / RowCopies.Postgres(postgres, database).TotalSeconds;
        Directory.Delete(place, recursive: true);
        return
        [
            Row($"{bytes / 1000} KB, SQLite", conversations / 2, sqlite, sqliteFloor),
            Row($"{bytes / 1000} KB, PostgreSQL, two recorders", conversations, both, postgresFloor),
        ];
    }

    private static string[] Row(string name, int conversations, Pass pass, double floor) =>
    [
        name, Report.Count(conversations), Report.Count(pass.Rate), Report.Count(pass.Around(2)), Report.Count(pass.Around(20)), Report.Count(pass.Around(200)), Report.Count(floor),
        Report.Ratio(pass.Rate / floor), Report.Micros(pass.Processor),
    ];

    private static async Task WriteAsync(string directory, int lastBytes, int conversations, int seed)
    {
        await using var journal = Journal.Open(Settings(directory), TimeProvider.System, NullLogger.Instance);
        var baseBytes = Math.Min(50_000, lastBytes / 2);
        var every = Math.Max(1, Turns * 2_000 / (lastBytes - baseBytes));
        HonestTurns[] all = [.. Enumerable.Range(seed, conversations).Select(number => new HonestTurns(baseBytes, number, every))];
        for (var turn = 0; turn < Turns; turn++)
        {
            if ((await Task.WhenAll(all.Select(conversation => journal.AppendAsync(conversation.NextAsHeard())))).Contains(false))
            {
                throw new InvalidOperationException("The journal did not take a turn.");
            }
        }
    }

    // One segment: what is sealed meanwhile is measured by the rate that lasts.
    private static JournalSettings Settings(string directory) => new() { Directory = directory, SegmentBytesMax = 4L << 30 };

    private static async Task<Pass> PassAsync(string[] journals, Func<Guid, CancellationToken, IngestStore> open)
    {
        GC.Collect();
        var commits = new List<(double At, int Count)> { (0, 0) };
        var count = 0;
        var processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(journals.Select(async directory =>
        {
            await using var journal = Journal.Open(Settings(directory), TimeProvider.System, NullLogger.Instance);
            var loop = new IngestLoop(
                journal.Consume, stop => open(journal.Id, stop), new ExchangeInterpreter(PriceBook.Embedded, new RepeatMemo()).Interpret, new IngestSettings(), TimeProvider.System, NullLogger.Instance);
            loop.Committed += batch =>
            {
                lock (commits)
                {
                    count += batch.Results.Count(result => result.Verdict == Ingest.Meaning.DeliveryVerdict.Accepted);
                    commits.Add((clock.Elapsed.TotalSeconds, count));
                }
            };
            await loop.RunAsync(finish: new CancellationToken(canceled: true), stop: default);
        }));
        var seconds = clock.Elapsed.TotalSeconds;
        return new Pass(commits, count / seconds, (Environment.CpuUsage.TotalTime - processor) / count);
    }

    /// <summary>What was committed by when; turns of all conversations come one after the other.</summary>
    private sealed record Pass(List<(double At, int Count)> Commits, double Rate, TimeSpan Processor)
    {
        private const int Beside = 5;

        /// <summary>Turns a second while the turns around that one were taken in.</summary>
        public double Around(int turn)
        {
            var each = Commits[^1].Count / (double)Turns;
            var (from, to) = (Math.Max(0, turn - Beside) * each, Math.Min(Turns, turn + Beside) * each);
            return (to - from) / (At(to) - At(from));
        }

        private double At(double count)
        {
            var next = Math.Max(1, Commits.FindIndex(commit => commit.Count >= count));
            var (before, after) = (Commits[next - 1], Commits[next]);
            return before.At + ((after.At - before.At) * (count - before.Count) / (after.Count - before.Count));
        }
    }
}
