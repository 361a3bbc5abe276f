using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Shipping;

/// <summary>Two sidecars and their centre as processes, one of which is killed again and again under load.</summary>
public sealed class KilledShippingTests
{
    /// <summary>Each is killed three times; the environment may ask for more, a minute's 30 for one.</summary>
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("LETHE_KILL_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 6;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(2);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    [Fact]
    public async Task Whoever_is_killed_the_centre_has_the_union_once()
    {
        await using var model = await FakeModelApi.StartAsync(FakeModelApi.Json(
            """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"yes"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}"""));
        await using var relay = await CentreRelay.StartAsync();
        var root = Directory.CreateTempSubdirectory("lethe-ship-").FullName;
        string[] data = [Path.Combine(root, "one", "data"), Path.Combine(root, "two", "data"), Path.Combine(root, "centre", "data")];
        (string, string)[] sidecar =
        [
            .. LetheProcess.Upstream(model.Address), ("Lethe:Sink", "remote"), ("Lethe:Remote:Address", relay.Address), ("Lethe:Journal:Durability", "strict"),
        ];
        var processes = new LetheProcess[3];
        for (var i = 0; i < 3; i++)
        {
            processes[i] = await StartAsync(i);
        }

        relay.Target = processes[2].Admin;
        var heard = new ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(i => SayAsync(i, () => processes[i % 2].Listen, heard, stop.Token)));
        for (var round = 0; round < Rounds; round++)
        {
            var victim = round % 3;
            await Task.Delay(Life, TimeProvider.System);
            await processes[victim].KillAsync();
            await processes[victim].DisposeAsync();
            processes[victim] = await StartAsync(victim);
            relay.Target = processes[2].Admin;
        }

        await stop.CancelAsync();
        await load;
        await UntilShippedAsync(processes);
        foreach (var process in processes)
        {
            await process.StopAsync();
            await process.DisposeAsync();
        }

        var there = (await LetheProcess.ExportAsync(data[2])).Select(Id).ToList();
        var union = (await JournalledAsync(data[0])).Concat(await JournalledAsync(data[1])).Select(Id).ToList();
        Assert.Equal(union.Order(), there.Order());
        Assert.Equal(there.Count, there.Distinct().Count());
        var keys = (await LetheProcess.ExportAsync(data[2])).Select(record => record.GetProperty("client_key").GetString()).ToHashSet();
        Assert.NotEmpty(heard);
        Assert.All(heard, key => Assert.Contains(key, keys));
        var (code, told, error) = await LetheProgram.RunAsync("verify", "--parity", "--data", data[2]);
        Assert.True(code == 0, told + error);
        Directory.Delete(root, recursive: true);

        Task<LetheProcess> StartAsync(int i) => LetheProcess.StartAsync(data[i], i < 2 ? sidecar : []);
    }

    private static string Id(JsonElement record) => record.GetProperty("exchange_id").GetString()!;

    private static async Task SayAsync(int who, Func<string> door, ConcurrentBag<string> heard, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, door() + "/v1/messages")
                {
                    Content = new StringContent(
                        $$"""{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"question {{i}} of {{who}}"}]}""", Encoding.UTF8, "application/json"),
                };
                request.Headers.Add("x-lethe-commit-key", $"{who}-{i}");
                request.Headers.Add("x-lethe-harness-session-id", $"of-{who}");
                using var response = await Http.SendAsync(request, CancellationToken.None);
                await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
                if (response.IsSuccessStatusCode)
                {
                    heard.Add($"{who}-{i}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
            }
            catch (Exception killed) when (killed is HttpRequestException or IOException or OperationCanceledException)
            {
                // Nothing was promised of this one.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    private static async Task<List<JsonElement>> JournalledAsync(string data)
    {
        var own = Path.Combine(Path.GetDirectoryName(data)!, "own");
        var (code, output, error) = await LetheProgram.RunAsync("replay", "--data", data, "--into", own);
        Assert.True(code == 0, output + error);
        return await LetheProcess.ExportAsync(own);
    }

    private static async Task UntilShippedAsync(LetheProcess[] processes)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        foreach (var process in processes)
        {
            while (true)
            {
                using var answer = await Http.GetAsync(new Uri(process.Admin + "/metrics"), bound.Token);
                var lag = (await answer.Content.ReadAsStringAsync(bound.Token)).Split('\n').First(line => line.StartsWith("lethe_journal_lag_records ", StringComparison.Ordinal));
                if (lag.EndsWith(" 0", StringComparison.Ordinal))
                {
                    break;
                }

                await tick.WaitForNextTickAsync(bound.Token);
            }
        }
    }
}
