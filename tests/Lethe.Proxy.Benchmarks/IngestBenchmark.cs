using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Turns a second into SQLite, in batches, against the raw appending of the same turns to a table and to a file.</summary>
internal static class IngestBenchmark
{
    private const int Sessions = 200;
    private const int TurnsEach = 200;
    private static readonly int Batch = new IngestSettings().BatchCountMax;

    public static async Task RunAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("lethe-bench-").FullName;
        try
        {
            var deliveries = Deliveries();
            var file = AppendToFile(Path.Combine(directory, "floor.jsonl"), deliveries);
            var table = AppendToTable(Path.Combine(directory, "floor.db"), deliveries);
            // Once for the just-in-time compiler, which the floors do not wait for.
            await IngestAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "warm")).FullName, LetheDatabase.FileName), deliveries);
            var ingest = await IngestAsync(Path.Combine(directory, LetheDatabase.FileName), deliveries);
            report.Table(
                $"Ingest, {Sessions * TurnsEach} small turns of {Sessions} sessions, {Batch} a transaction",
                ["", "turns/s", "of the table"],
                [
                    ["append to a file, one fsync a batch", Report.Count(file), Report.Ratio(file / table)],
                    ["append to one SQLite table, one row a turn", Report.Count(table), Report.Ratio(1)],
                    ["ingest: receipt, session, nodes, turn, counters", Report.Count(ingest), Report.Ratio(ingest / table)],
                ]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static List<ExchangeDelivery> Deliveries()
    {
        var interpreter = new ExchangeInterpreter(Capture.Prices.PriceBook.Embedded);
        var deliveries = new List<ExchangeDelivery>(Sessions * TurnsEach);
        for (var turn = 0; turn < TurnsEach; turn++)
        {
            for (var session = 0; session < Sessions; session++)
            {
                var told = interpreter.Interpret(SmallTurn(session, turn));
                deliveries.Add(new ExchangeDelivery(told, SHA256.HashData(told.Exchange.Id.Value.ToByteArray()), null));
            }
        }

        return deliveries;
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

    private static async Task<double> IngestAsync(string path, List<ExchangeDelivery> deliveries)
    {
        await using var connection = await LetheDatabase.OpenAsync(path, TimeProvider.System);
        using var ingest = new IngestTransaction(connection, TimeProvider.System);
        return Rate(deliveries, batch => ingest.Commit(batch));
    }

    private static double AppendToTable(string path, List<ExchangeDelivery> deliveries)
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
        return Rate(deliveries, batch =>
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

    private static double AppendToFile(string path, List<ExchangeDelivery> deliveries)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        return Rate(deliveries, batch =>
        {
            foreach (var delivery in batch)
            {
                file.Write(delivery.Told.Exchange.Request.Bytes.Span);
                file.Write(delivery.Told.Exchange.Response.Bytes.Span);
            }

            file.Flush(flushToDisk: true);
        });
    }

    private static double Rate(List<ExchangeDelivery> deliveries, Action<List<ExchangeDelivery>> commit)
    {
        var clock = Stopwatch.StartNew();
        for (var from = 0; from < deliveries.Count; from += Batch)
        {
            commit(deliveries.GetRange(from, Math.Min(Batch, deliveries.Count - from)));
        }

        return deliveries.Count / clock.Elapsed.TotalSeconds;
    }
}
