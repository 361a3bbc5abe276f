using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;

namespace Lethe.Proxy.Tests.Crash;

/// <summary>SIGKILL under sixteen streams, again and again over one data directory.</summary>
public sealed class KillTests
{
    private const int Streams = 16;

    /// <summary>How far back a relaxed recorder may forget a finished call.</summary>
    private static readonly TimeSpan RelaxedLoss = TimeSpan.FromMilliseconds(10);

    /// <summary>How far back any recorder may forget a call that was under way: the part interval and half of it again.</summary>
    private static readonly TimeSpan PartLoss = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData("strict", 40, 0)]
    [InlineData("relaxed", 40, 0)]
    [InlineData("strict", 6, 300)]
    [InlineData("relaxed", 6, 300)]
    public async Task A_killed_recorder_loses_nothing_that_it_promised(string durability, int rounds, int syncMilliseconds)
    {
        await using var model = await PacedModel.StartAsync();
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-kill-").FullName, "data");
        var random = new Random(20);
        var lives = new List<(HeardStream Stream, TimeSpan KilledAt)>();
        for (var round = 0; round < rounds; round++)
        {
            lives.AddRange(await LiveAndDieAsync(data, durability, syncMilliseconds, model.Address, round, LifeOf(round, random)));
        }

        await using (var last = await LetheProcess.StartAsync(data))
        {
            await last.StopAsync();
        }

        var records = (await LetheProcess.ExportAsync(data, "--bodies")).Where(IsAsked).ToLookup(KeyOf);
        Assert.All(records, key => Assert.Single(key));
        foreach (var (stream, killedAt) in lives)
        {
            AssertKept(stream, killedAt, durability == "strict" ? TimeSpan.Zero : RelaxedLoss, records[stream.Key].Select(record => (JsonElement?)record).SingleOrDefault());
        }

        Assert.True(lives.Count(life => life.Stream.CompletedAt is null) >= rounds, "too few streams were cut to tell");
        var (exitCode, faults, _) = await LetheProgram.RunAsync("verify", "--parity", "--data", data);
        Assert.True(exitCode == 0, faults);
        Directory.Delete(Path.GetDirectoryName(data)!, recursive: true);
    }

    /// <summary>Every fourth is long enough for more than one part of a stream; the others are as short as they can be and still have calls that ended.</summary>
    private static TimeSpan LifeOf(int round, Random random) => TimeSpan.FromMilliseconds(round % 4 == 3 ? 1700 + random.Next(500) : 300 + random.Next(500));

    private static bool IsAsked(JsonElement record) => record.Text("request", "body_base64") is { Length: > 0 };

    /// <summary>What the client called its question.</summary>
    private static string KeyOf(JsonElement record)
    {
        using var asked = JsonDocument.Parse(Convert.FromBase64String(record.Text("request", "body_base64")!));
        return asked.RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!;
    }

    private static async Task<List<(HeardStream Stream, TimeSpan KilledAt)>> LiveAndDieAsync(string data, string durability, int syncMilliseconds, string upstream, int round, TimeSpan life)
    {
        await using var lethe = await LetheProcess.StartAsync(
            data, [("Lethe:Journal:Durability", durability), .. SlowSyncs.Of(syncMilliseconds), .. LetheProcess.Upstream(upstream)]);
        using var client = new HttpClient();
        var clock = Stopwatch.StartNew();

        // Code that runs for the first time is translated meanwhile; the promises are those of a recorder that is in use.
        await new HeardStream($"round-{round}-first").ListenAsync(client, lethe.Listen, 1, 1, clock);
        clock.Restart();
        var heard = new List<HeardStream>();
        var listening = Enumerable.Range(0, Streams).Select(number => ListenUntilCutAsync(number, lethe.Listen)).ToList();
        await Task.Delay(life);
        var killedAt = clock.Elapsed;
        await lethe.KillAsync();
        await Task.WhenAll(listening).WaitAsync(TimeSpan.FromSeconds(30));
        return [.. heard.Select(stream => (stream, killedAt))];

        async Task ListenUntilCutAsync(int number, string listen)
        {
            HeardStream stream;
            var call = 0;
            do
            {
                stream = new HeardStream($"round-{round}-stream-{number}-call-{call++}");
                lock (heard)
                {
                    heard.Add(stream);
                }

                // Every other client holds one long stream, the rest make short calls one after the other.
                await stream.ListenAsync(client, listen, number % 2 == 0 ? 10_000 : 5 + number, number % 2 == 0 ? 25 : 10, clock);
            }
            while (stream.CompletedAt is not null);
        }
    }

    private static void AssertKept(HeardStream stream, TimeSpan killedAt, TimeSpan loss, JsonElement? record)
    {
        if (stream.CompletedAt is { } completed)
        {
            if (completed <= killedAt - loss)
            {
                Assert.True(record is not null, $"{stream.Key} completed {(killedAt - completed).TotalMilliseconds} ms before the kill and is missing");
                Assert.Equal("completed", record.Value.Text("outcome"));
                Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(stream.Bytes)), record.Value.Text("response", "sha256"));
            }

            return;
        }

        var promised = stream.ReceivedBy(killedAt - PartLoss);
        if (promised.Length > 0)
        {
            Assert.True(record is not null, $"{stream.Key} was cut and is missing");
            // Its end may have reached the disk and not the client; else the record says who stopped.
            Assert.True((record.Value.Text("outcome"), record.Value.Text("outcome_reason")) is ("incomplete", "recorder_stopped") or ("completed", null), record.Value.ToString());
            Assert.True(Convert.FromBase64String(record.Value.Text("response", "body_base64")!).AsSpan().StartsWith(promised), $"{stream.Key} has forgotten words that its client had");
        }
    }
}
