using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Turns a second into SQLite, in batches, against the raw appending of the same turns to a table and to a file.</summary>
internal static class IngestBenchmark
{
    private const int Sessions = 200;
    private const int TurnsEach = 200;
    private const int Rounds = 5;

    /// <summary>The rate rises for that long, while the just-in-time compiler learns what is called most.</summary>
    private const int WarmUpRounds = 6;
    private static readonly int Batch = new IngestSettings().BatchCountMax;

    public static async Task RunAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            var rounds = new List<(double File, double Table, double Ingest)>();
            for (var round = 0; round < WarmUpRounds + Rounds; round++)
            {
                var place = Directory.CreateDirectory(Path.Combine(directory, $"{round}")).FullName;
                rounds.Add((
                    AppendToFile(Path.Combine(place, "floor.jsonl")),
                    AppendToTable(Path.Combine(place, "floor.db")),
                    await IngestAsync(Path.Combine(place, LetheDatabase.FileName))));
                Directory.Delete(place, recursive: true);
            }

            rounds.RemoveRange(0, WarmUpRounds);
            var (file, table, ingest) = (Report.Median(rounds.Select(round => round.File)), Report.Median(rounds.Select(round => round.Table)), Report.Median(rounds.Select(round => round.Ingest)));
            report.Table(
                $"Ingest, {Sessions * TurnsEach} small turns of {Sessions} sessions, {Batch} a transaction",
                ["", "turns/s", "of the table"],
                [
                    ["append to a file, one fsync a batch", Report.Count(file), Report.Ratio(file / table)],
                    ["append to one SQLite table, one row a turn", Report.Count(table), Report.Ratio(1)],
                    ["ingest: receipt, session, nodes, turn, counters", Report.Count(ingest), Report.Ratio(Report.Median(rounds.Select(round => round.Ingest / round.Table)))],
                ]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Batch by batch, as the loop reads them: a heap that holds all of them would be measured too.</summary>
    private static IEnumerable<List<ExchangeDelivery>> Batches()
    {
        var interpreter = new ExchangeInterpreter(Capture.Prices.PriceBook.Embedded);
        var turns = from turn in Enumerable.Range(0, TurnsEach) from session in Enumerable.Range(0, Sessions) select SmallTurn(session, turn);
        return turns.Chunk(Batch).Select(batch => batch.Select(interpreter.Interpret)
            .Select(told => new ExchangeDelivery(told, SHA256.HashData(told.Exchange.Id.Value.ToByteArray()), null)).ToList());
    }

    private static CapturedExchange SmallTurn(int session, int turn)
    {
        var request = JsonSerializer.SerializeToUtf8Bytes(new { model = "claude-sonnet-4-5", messages = new[] { new { role = "user", content = $"question {turn} of session {session}" } } });
        var response = JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = $"msg_{session}_{turn}",
            type = "message",
            role = "assistant",
            model = "claude-sonnet-4-5",
            content = new[] { new { type = "text", text = $"answer {turn}" } },
            stop_reason = "end_turn",
            usage = new { input_tokens = 10, output_tokens = 5 },
        });
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(turn * Sessions + session);
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
            Provider = "anthropic",
            RequestHeaders = [new("user-agent", "claude-cli/2.1.329 (external, cli)"), new("x-claude-code-session-id", $"session-{session:0000}")],
            Request = new CapturedBody { Bytes = request, WireBytes = request.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(request)) },
            Status = 200,
            ResponseHeaders = [new("content-type", "application/json")],
            Response = new CapturedBody { Bytes = response, WireBytes = response.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(response)) },
            Ending = Ending.Completed,
            Duration = TimeSpan.FromSeconds(1),
        };
    }

    private static async Task<double> IngestAsync(string path)
    {
        using var ingest = await SqliteStore.OpenAsync(path, TimeProvider.System);
        return Rate(batch => ingest.Commit(batch));
    }

    private static double AppendToTable(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var create = connection.CreateCommand();
        create.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE turns (id TEXT, body BLOB)";
        create.ExecuteNonQuery();
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO turns VALUES ($id, $body)";
        var id = insert.Parameters.Add("$id", SqliteType.Text);
        var body = insert.Parameters.Add("$body", SqliteType.Blob);
        return Rate(batch =>
        {
            using var transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            foreach (var delivery in batch)
            {
                id.Value = delivery.Told.Exchange.CommitKey;
                body.Value = delivery.Told.Exchange.Response.Bytes.ToArray();
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        });
    }

    private static double AppendToFile(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        return Rate(batch =>
        {
            foreach (var delivery in batch)
            {
                file.Write(delivery.Told.Exchange.Request.Bytes.Span);
                file.Write(delivery.Told.Exchange.Response.Bytes.Span);
            }

            file.Flush(flushToDisk: true);
        });
    }

    private static double Rate(Action<List<ExchangeDelivery>> commit)
    {
        var clock = new Stopwatch();
        foreach (var batch in Batches())
        {
            clock.Start();
            commit(batch);
            clock.Stop();
        }

        return Sessions * TurnsEach / clock.Elapsed.TotalSeconds;
    }
}
