using System.Diagnostics;
using System.Globalization;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What readers wait for in stores of many sessions: <c>reads [sessions] [sqlite|postgres] [directory]</c>. Stores in a named directory are kept and used again.</summary>
internal static class ReadBenchmark
{
    private const int SessionsDefault = 20_000;
    private const int PageCount = 50;
    private const int DeepPages = 1_000;
    private const int WarmUps = 30;
    private const int Calls = 300;

    public static Task RunAsync(Report report) => RunAsync(report, []);

    public static async Task RunAsync(Report report, IReadOnlyList<string> arguments)
    {
        var traffic = new MadeTraffic(arguments.Select(word => int.TryParse(word, out var count) ? count : 0).Append(SessionsDefault).First(count => count > 0));
        var kept = arguments.FirstOrDefault(word => word.Contains(Path.DirectorySeparatorChar));
        var directory = kept ?? Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        PostgresUnderTest.LetPass(directory);
        try
        {
            if (!arguments.Contains("postgres"))
            {
                await SqliteAsync(report, traffic, Directory.CreateDirectory(Path.Combine(directory, $"sqlite-{traffic.Sessions}")).FullName);
            }

            if (!arguments.Contains("sqlite"))
            {
                await PostgresAsync(report, traffic, Path.Combine(directory, $"postgres-{traffic.Sessions}"));
            }
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static async Task SqliteAsync(Report report, MadeTraffic traffic, string directory)
    {
        var path = Path.Combine(directory, LetheDatabase.FileName);
        var filled = Path.Combine(directory, "filled");
        var clock = Stopwatch.StartNew();
        if (!File.Exists(filled))
        {
            await SqliteFill.RunAsync(path, traffic);
            await File.WriteAllTextAsync(filled, "");
            Console.Error.WriteLine($"SQLite filled in {clock.Elapsed.TotalSeconds:0} s");
        }

        // One that was kept may be of an older edition.
        (await LetheDatabase.OpenAsync(path, TimeProvider.System)).Dispose();
        using var reader = SqliteStore.OpenReader(path);
        Measure(report, "SQLite", traffic, reader);
    }

    private static async Task PostgresAsync(Report report, MadeTraffic traffic, string directory)
    {
        var filled = Path.Combine(directory, "filled");
        var clock = Stopwatch.StartNew();
        using var server = PostgresUnderTest.Start(directory);
        if (!File.Exists(filled))
        {
            await new PostgresFill(server.ConnectionString, traffic).RunAsync();
            await File.WriteAllTextAsync(filled, "");
            Console.Error.WriteLine($"PostgreSQL filled in {clock.Elapsed.TotalSeconds:0} s");
        }

        PostgresStore.Open(server.ConnectionString, TimeProvider.System).Dispose();
        using var reader = PostgresStore.ReaderAt(server.ConnectionString);
        Measure(report, "PostgreSQL", traffic, reader);
    }

    private static void Measure(Report report, string store, MadeTraffic traffic, StoreReader reader)
    {
        const string Org = Organisation.None;
        var random = new Random(1);
        int Any() => random.Next(traffic.Sessions);
        string Id(int session) => MadeTraffic.Key(session).ToId().ToString("D");
        int AnyLong() => Math.Min((random.Next(Math.Max(1, traffic.Sessions / 1000)) * 1000) + 500, traffic.Sessions - 1);
        var last = reader.LastChange(Org);
        var deep = SessionsDeep(reader);
        var middle = ExchangeCursor.Of(reader.Conversation(Org, Id(traffic.Longest), MadeTraffic.LongestTurns / 2).First().Exchange);

        (string Name, Action Run)[] readings =
        [
            ($"list: the newest {PageCount} sessions", () => reader.Sessions(Org, new SessionFilter { Limit = PageCount })),
            ($"list: page {DeepPages:#,0} and the pages behind it", () => deep = reader.Sessions(Org, new SessionFilter { Limit = PageCount, After = deep }) is [.., var end] ? SessionCursor.Of(end) : default),
            ("list: one harness in a thousand", () => reader.Sessions(Org, new SessionFilter { Limit = PageCount, HarnessId = "aider" })),
            ("prefix: 10 digits of a session's id", () => Require(reader.Session(Org, Id(Any())[..11]))),
            ("prefix: 12 letters of the harness's own id", () => Require(reader.Session(Org, MadeTraffic.Key(Any()).HarnessSessionId[..12]))),
            ("show: a session, whole", () => Require(reader.Conversation(Org, Id(Any())).LastOrDefault())),
            ($"show: one of {MadeTraffic.LongTurns} turns, whole", () => Require(reader.Conversation(Org, Id(AnyLong())).LastOrDefault())),
            ($"show: one turn of {MadeTraffic.LongestTurns:#,0}", () => Require(reader.Conversation(Org, Id(traffic.Longest), random.Next(1, MadeTraffic.LongestTurns)).FirstOrDefault())),
            ($"show: {PageCount} turns in the middle of {MadeTraffic.LongestTurns:#,0}", () => Require(reader.ConversationAfter(Org, Id(traffic.Longest), middle).Take(PageCount).LastOrDefault())),
            ("tail: the last 100 commits", () => reader.CommittedAfter(Org, reader.LastChange(Org) - 100, 100)),
            ($"exchanges: a page of {PageCount} anywhere", () => Require(reader.Exchanges(Org, new ExchangeFilter { Limit = PageCount, After = AnyPlace(traffic, Any()) }).LastOrDefault())),
            ($"exchanges: a page of {PageCount} of one session", () => Require(reader.Exchanges(Org, new ExchangeFilter { Limit = PageCount, SessionId = Id(AnyLong()) }).LastOrDefault())),
            ("costs: a year, by model and day", () => Require(reader.Figures(Org, new FigureFilter { By = FigureKey.Model, Bucket = TimeSpan.FromDays(1) })[^1])),
            ("costs: a year, by harness", () => Require(reader.Figures(Org, new FigureFilter { By = FigureKey.Harness })[^1])),
            ("one exchange by its id", () => Require(reader.Exchange(Org, traffic.ExchangeId(Any(), 0).ToString("D")))),
        ];
        report.Table(
            $"Reading {store}: {Report.Count(traffic.Sessions)} sessions, {Report.Count(last)} exchanges, {Report.Count(last * 2)} messages",
            ["", "p50", "p95"],
            readings.Select(reading => Row(reading.Name, reading.Run)));
    }

    private static string[] Row(string name, Action run)
    {
        for (var i = 0; i < WarmUps; i++)
        {
            run();
        }

        var took = new List<double>();
        for (var i = 0; i < Calls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            run();
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        took.Sort();
        return [name, Milliseconds(took[Calls / 2]), Milliseconds(took[Calls * 95 / 100])];
    }

    // Page by page, as who pages does.
    private static SessionCursor SessionsDeep(StoreReader reader)
    {
        SessionCursor? after = null;
        for (var page = 0; page < DeepPages && reader.Sessions(Organisation.None, new SessionFilter { Limit = PageCount, After = after }) is [.., var end]; page++)
        {
            after = SessionCursor.Of(end);
        }

        return after ?? default;
    }

    private static ExchangeCursor AnyPlace(MadeTraffic traffic, int session) => new(traffic.At(session, 0), traffic.ExchangeId(session, 0).ToString("D"));

    private static void Require(object? found) => ArgumentNullException.ThrowIfNull(found);

    private static string Milliseconds(double value) => value.ToString("0.0 ms", CultureInfo.InvariantCulture);
}
