using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// What the producers' door takes: turns of 4 KB, line by line and in batches, beside the same rows put into the same tables and indexes as fast as the database
/// offers; and how long one alone waits for its commit, at a pace.
/// </summary>
internal static class ProducersBenchmark
{
    private const int Turns = 20_000;
    private const int WarmupTurns = 15_000;
    private const int TurnBytes = 4000;
    private const int TurnsInSession = 20;
    private const int TurnsInBatch = 500;
    private const int Clients = 8;
    private const double CallsPerSecond = 200;

    private static readonly TimeSpan Paced = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            PostgresUnderTest.LetPass(directory);
            using var postgres = PostgresUnderTest.Start(Path.Combine(directory, "postgres"));
            await RunAsync(report, "SQLite", Path.Combine(directory, "sqlite"), [], data => RowCopies.SqliteAsync(Path.Combine(data, "lethe.db"), Path.Combine(directory, "floor.db")));
            const string Database = "producers";
            postgres.Create(Database);
            string[] sink = ["--set", "Lethe:Sink=postgres", "--set", "Lethe:Postgres:ConnectionString=" + postgres.ConnectionTo(Database)];
            await RunAsync(report, "PostgreSQL", Path.Combine(directory, "recorder"), sink, _ =>
            {
                NpgsqlConnection.ClearAllPools();
                return Task.FromResult(RowCopies.Postgres(postgres, Database));
            });
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task RunAsync(Report report, string name, string directory, string[] sink, Func<string, Task<TimeSpan>> floor)
    {
        Console.Error.WriteLine($"producers, {name} …");
        var lethe = await ProxyUnderTest.LetheOnAsync(Directory.CreateDirectory(directory).FullName, "http://127.0.0.1:9", sink);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(3) };
        await SendAsync(http, lethe, Lines(0, WarmupTurns), "/v1/ingest?results=errors", "application/x-ndjson");
        var first = WarmupTurns;
        var lines = await TimeAsync(lethe, async () => await SendAsync(http, lethe, Lines(first, Turns), "/v1/ingest?results=errors", "application/x-ndjson"));
        first += Turns;
        var batches = Enumerable.Range(0, Turns / TurnsInBatch).Select(i => Batch(first + (i * TurnsInBatch))).ToList();
        var batch = await TimeAsync(lethe, async () =>
        {
            foreach (var body in batches)
            {
                await SendAsync(http, lethe, body, "/v1/ingest/batch", "application/json");
            }
        });
        first += Turns;
        var next = first;
        var alone = await Load.RunAsync(lethe.Admin + "/v1/ingest", () => Encoding.UTF8.GetBytes(Turn(Interlocked.Increment(ref next)).ToJsonString()), Clients, Paced, CallsPerSecond);
        var data = lethe.DataDirectory!;
        await lethe.StopAsync();
        var floorRate = next / (await floor(data)).TotalSeconds;
        report.Table(
            $"Producers of turns of 4 KB, {name}; floor: the same rows into the same tables and indexes, on one connection",
            ["", "turns/s", "floor, turns/s", "of the floor", "lethe's processor time a turn"],
            [Row("NDJSON, one request", lines, floorRate), Row($"batches of {TurnsInBatch}, one after the other", batch, floorRate)]);
        report.Table(
            $"One payload a request, {name}, {CallsPerSecond.ToString(CultureInfo.InvariantCulture)} requests a second",
            ["requests/s", "p50 to the answer, after the commit", "p99"],
            [[Report.Count(alone.CallsPerSecond), Report.Micros(alone.FirstByteP50), Report.Micros(alone.FirstByteP99)]]);
    }

    private static string[] Row(string name, (double Rate, TimeSpan Processor) measured, double floor) =>
        [name, Report.Count(measured.Rate), Report.Count(floor), Report.Ratio(measured.Rate / floor), Report.Micros(measured.Processor)];

    private static async Task<(double Rate, TimeSpan Processor)> TimeAsync(ProxyUnderTest lethe, Func<Task> run)
    {
        var spent = lethe.ProcessorTime();
        var clock = Stopwatch.StartNew();
        await run();
        var rate = Turns / clock.Elapsed.TotalSeconds;
        return (rate, (lethe.ProcessorTime() - spent) / Turns);
    }

    private static async Task SendAsync(HttpClient http, ProxyUnderTest lethe, byte[] body, string path, string type)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await http.PostAsync(new Uri(lethe.Admin + path), content);
        var told = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode || told.Contains("\"status\":\"rejected\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(told[..Math.Min(told.Length, 1000)]);
        }
    }

    private static byte[] Lines(int first, int count) =>
        Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(first, count).Select(number => Turn(number).ToJsonString())));

    private static byte[] Batch(int first) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["turns"] = new JsonArray([.. Enumerable.Range(first, TurnsInBatch).Select(Turn)]) }.ToJsonString());

    private static JsonNode Turn(int number)
    {
        var random = new Random(number);
        return new JsonObject
        {
            ["provider"] = "anthropic",
            ["commit_key"] = $"turn-{number}",
            ["request"] = new JsonObject
            {
                ["model"] = "claude-sonnet-4-5",
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Words(random, TurnBytes * 3 / 4) }),
            },
            ["response"] = new JsonObject
            {
                ["model"] = "claude-sonnet-4-5",
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Words(random, TurnBytes / 8) }) },
                ["stop_reason"] = "end_turn",
                ["usage"] = new JsonObject { ["prompt_tokens"] = 800, ["completion_tokens"] = 150 },
            },
            ["session"] = new JsonObject { ["harness_id"] = "claude", ["harness_session_id"] = $"session-{number / TurnsInSession}", ["cwd"] = "/home/ann/project" },
        };
    }

    private static string Words(Random random, int length)
    {
        var words = new StringBuilder(length + 16);
        while (words.Length < length)
        {
            words.Append(CultureInfo.InvariantCulture, $"word{random.Next(20_000)} ");
        }

        return words.ToString();
    }
}
