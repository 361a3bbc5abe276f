using System.Diagnostics;
using System.Globalization;
using System.Text;
using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Searching;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// What a search waits for, and what its index takes: <c>search [turns] [sqlite|postgres] [directory] [fill]</c>. Stores in a named directory are kept and used
/// again; <c>fill</c> only makes them. The last turns are indexed by the product's own consumer, behind rows that lie there.
/// </summary>
internal static class SearchBenchmark
{
    private const int TurnsDefault = 1_000_000;
    private const double TurnsASession = 5;
    private const int Calls = 100;
    private const int WarmUps = 10;

    public static Task RunAsync(Report report) => RunAsync(report, []);

    public static async Task RunAsync(Report report, IReadOnlyList<string> arguments)
    {
        var turns = arguments.Select(word => int.TryParse(word, out var count) ? count : 0).Append(TurnsDefault).First(count => count > 0);
        var traffic = new MadeTraffic(Math.Max(100, (int)((turns - MadeTraffic.LongestTurns) / TurnsASession)), MadeWords.Spoken());
        var isFill = arguments.Contains("fill");
        var kept = arguments.FirstOrDefault(word => word.Contains(Path.DirectorySeparatorChar));
        var directory = kept ?? Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        PostgresUnderTest.LetPass(directory);
        try
        {
            var sizes = new List<string[]>();
            if (!arguments.Contains("postgres"))
            {
                sizes.Add(await SqliteAsync(report, traffic, Directory.CreateDirectory(Path.Combine(directory, $"search-sqlite-{turns}")).FullName, isFill));
            }

            if (!arguments.Contains("sqlite"))
            {
                sizes.Add(await PostgresAsync(report, traffic, Path.Combine(directory, $"search-postgres-{turns}"), isFill));
            }

            report.Table("The search index", ["", "text", "index", "of the text", "indexed, turns/s", "processor time a turn"], sizes);
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static async Task<string[]> SqliteAsync(Report report, MadeTraffic traffic, string directory, bool isFill)
    {
        var path = Path.Combine(directory, LetheDatabase.FileName);
        await OnceAsync(directory, "SQLite: rows", () =>
        {
            File.Delete(path);
            return SqliteFill.RunAsync(path, traffic);
        });
        await OnceAsync(directory, "SQLite: index", () => SearchFill.SqliteAsync(path, traffic));
        var filling = await FillAsync("SQLite", SqliteStore.IndexAt(path, TimeProvider.System, NullLogger.Instance));
        using var reader = SqliteStore.OpenReader(path);
        if (!isFill)
        {
            Measure(report, "SQLite", traffic, reader);
        }

        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        var bytes = connection.ExecuteScalar<long>(
            "SELECT sum(length(block)) FROM search_words_data") + connection.ExecuteScalar<long>("SELECT sum(length(block)) FROM search_code_data")
            + connection.ExecuteScalar<long>("SELECT sum(length(sz)) FROM search_words_docsize") + connection.ExecuteScalar<long>("SELECT sum(length(sz)) FROM search_code_docsize");
        return Row("SQLite", connection.ExecuteScalar<long>("SELECT sum(length(body)) FROM nodes"), bytes, filling);
    }

    private static async Task<string[]> PostgresAsync(Report report, MadeTraffic traffic, string directory, bool isFill)
    {
        using var server = PostgresUnderTest.Start(directory);
        using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await OnceAsync(directory, "PostgreSQL: rows", new PostgresFill(server.ConnectionString, traffic).RunAsync);
        await OnceAsync(directory, "PostgreSQL: index", () => Task.Run(() =>
        {
            using var index = PostgresSearchIndex.Open(server.ConnectionString);
            SearchFill.Run(index, traffic);
            // As autovacuum does in a server that runs for longer than this.
            connection.Execute("VACUUM (ANALYZE) search_runs, search_postings, search_spans;", commandTimeout: 0);
        }));
        // One that was kept may be of an older edition.
        PostgresStore.Open(server.ConnectionString, TimeProvider.System).Dispose();
        var filling = await FillAsync("PostgreSQL", PostgresStore.IndexAt(server.ConnectionString, TimeProvider.System, NullLogger.Instance));
        using var reader = PostgresStore.ReaderAt(server.ConnectionString);
        if (!isFill)
        {
            Measure(report, "PostgreSQL", traffic, reader);
        }

        return Row(
            "PostgreSQL",
            connection.ExecuteScalar<long>("SELECT sum(length(body)) FROM nodes"),
            connection.ExecuteScalar<long>("SELECT pg_total_relation_size('search_postings') + pg_total_relation_size('search_runs') + pg_total_relation_size('search_spans')"),
            filling);
    }

    private static async Task OnceAsync(string directory, string what, Func<Task> fill)
    {
        var filled = Path.Combine(directory, "filled-" + what[(what.IndexOf(' ') + 1)..]);
        if (!File.Exists(filled))
        {
            Console.Error.WriteLine($"{what} …");
            var began = Stopwatch.GetTimestamp();
            await fill();
            await File.WriteAllTextAsync(filled, "");
            Console.Error.WriteLine($"{what} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
        }
    }

    private static async Task<Filling> FillAsync(string store, SearchIndexing indexing)
    {
        await using (indexing)
        {
            Console.Error.WriteLine($"{store}: index …");
            var (began, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            var turns = indexing.CatchUp();
            return new Filling(turns, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - processor);
        }
    }

    private static void Measure(Report report, string store, MadeTraffic traffic, StoreReader reader)
    {
        var random = new Random(3);
        // Words as frequent in what is looked for as in what was said; places are anywhere.
        string Token(Func<string, bool> fits)
        {
            while (true)
            {
                var said = Encoding.ASCII.GetString(traffic.Text(random.Next(traffic.Sessions), 0)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1];
                if (said.Where(fits).ToArray() is { Length: > 0 } some)
                {
                    return some[random.Next(some.Length)];
                }
            }
        }

        bool IsWord(string token) => token.Length > 3 && token.All(char.IsAsciiLetterLower);
        string Phrase()
        {
            var said = Encoding.ASCII.GetString(traffic.Text(random.Next(traffic.Sessions), 0)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1];
            var at = random.Next(said.Length - 3);
            return $"\"{string.Join(' ', said[at..(at + 3)])}\"";
        }

        (string Name, Func<string> Query, SearchFilter Filter)[] searches =
        [
            ("a word, as frequent as it is said", () => Token(IsWord), new SearchFilter()),
            ("two words", () => $"{Token(IsWord)} {Token(IsWord)}", new SearchFilter()),
            ("three words", () => $"{Token(IsWord)} {Token(IsWord)} {Token(IsWord)}", new SearchFilter()),
            ("the beginning of a word", () => Token(IsWord)[..4] + "*", new SearchFilter()),
            ("an id", () => Token(token => token.StartsWith("toolu_", StringComparison.Ordinal)), new SearchFilter()),
            ("a piece of a path", () => Token(token => token.StartsWith("src/", StringComparison.Ordinal) && token.Length > 12)[..12], new SearchFilter()),
            ("a piece of code", () => Token(token => token.EndsWith("()", StringComparison.Ordinal) && token.Length > 8)[2..], new SearchFilter()),
            ("a phrase of three", Phrase, new SearchFilter()),
            ("a word nobody said", () => "nobodysaidthis", new SearchFilter()),
            ("a word, one harness in a thousand", () => Token(IsWord), new SearchFilter { HarnessId = "aider" }),
            ("a word, one session", () => Token(IsWord), new SearchFilter { SessionId = MadeTraffic.Key(traffic.Longest).ToId().ToString("D") }),
            ("a word, a week of the year", () => Token(IsWord), new SearchFilter { Since = new DateTimeOffset(2025, 6, 1, 0, 0, 0, TimeSpan.Zero), Until = new DateTimeOffset(2025, 6, 8, 0, 0, 0, TimeSpan.Zero) }),
        ];
        var last = reader.LastChange(Organisation.None);
        report.Table(
            $"Searching {store}: {Report.Count(last)} turns, the first {new SearchFilter().Limit} hits",
            ["", "p50", "p95", "most", "hits"],
            searches.Select(search => Row(search.Name, reader, search.Query, search.Filter)));
    }

    private static string[] Row(string name, StoreReader reader, Func<string> next, SearchFilter filter)
    {
        var (took, hits) = (new List<double>(), 0L);
        for (var i = 0; i < Calls + WarmUps; i++)
        {
            var text = next();
            var query = SearchQuery.TryParse(text, out var fault) ?? throw new InvalidOperationException($"'{text}' is no query: {fault}");
            var began = Stopwatch.GetTimestamp();
            var page = reader.Search(Organisation.None, query, filter);
            if (i >= WarmUps)
            {
                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                hits += page.Hits.Count;
            }
        }

        took.Sort();
        return [name, Milliseconds(took[Calls / 2]), Milliseconds(took[Calls * 95 / 100]), Milliseconds(took[^1]), (hits / (double)Calls).ToString("0.0", CultureInfo.InvariantCulture)];
    }

    private static string[] Row(string store, long text, long index, Filling filling) =>
    [
        store,
        Megabytes(text),
        Megabytes(index),
        Report.Percent(index / (double)text),
        filling.Turns == 0 ? "filled before" : Report.Count(filling.Turns / filling.Took.TotalSeconds),
        filling.Turns == 0 ? "" : Report.Micros(filling.Processor / filling.Turns),
    ];

    private static string Milliseconds(double value) => value.ToString("0.0 ms", CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => Report.Count(bytes / 1e6) + " MB";

    /// <param name="Processor">Of this process, in which an embedded store works too.</param>
    private sealed record Filling(long Turns, TimeSpan Took, TimeSpan Processor);
}
