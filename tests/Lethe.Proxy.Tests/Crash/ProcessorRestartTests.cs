using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Crash;

/// <summary>Lethe stopped, killed and started again behind a real Envoy, with traffic all the while.</summary>
public sealed class ProcessorRestartTests(ITestOutputHelper output)
{
    private const int Callers = 8;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LifeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(1);

    /// <summary>How long before Lethe goes a call must have ended to be certainly on its disk.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    // Events of an answer and the milliseconds between them: short, long enough to lie across a stop, and all at once.
    private static readonly (int Events, int Gap)[] Paces = [(5, 10), (40, 40), (300, 0)];

    [Theory]
    [InlineData("sidecar.yaml")]
    [InlineData("blocking.yaml")]
    public async Task No_client_notices_and_calls_made_while_lethe_is_up_are_recorded_once(string file)
    {
        if (await EnvoyProcess.FindAsync(output) is not { } program)
        {
            return;
        }

        await using var model = await PacedModel.StartAsync();
        await using var envoy = await EnvoyProcess.StartAsync(program, file, model.Address);
        var expected = await AnswersAsync(model.Address);
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-restart-").FullName, "data");
        using var traffic = new Traffic(envoy.Address);
        var lives = new List<(TimeSpan Ready, TimeSpan Gone)>
        {
            await LiveAsync(data, envoy.Lethe, traffic, lethe => lethe.StopAsync()),
            await LiveAsync(data, envoy.Lethe, traffic, lethe => lethe.KillAsync()),
            await LiveAsync(data, envoy.Lethe, traffic, async lethe =>
            {
                await traffic.EndAsync();
                await lethe.StopAsync();
            }),
        };

        var calls = traffic.Calls.ToList();
        Assert.All(calls, call => Assert.True(call.Status == HttpStatusCode.OK && call.Answer.SequenceEqual(expected[call.Events]), call.ToString()));
        var records = (await LetheProcess.ExportAsync(data)).ToLookup(record => record.Text("request", "sha256")!);
        Assert.All(records, record => Assert.Single(record));
        Assert.Subset(calls.Select(call => call.RequestSha256).ToHashSet(), records.Select(record => record.Key).ToHashSet());
        foreach (var (ready, gone) in lives)
        {
            var heard = calls.Where(call => call.Began > ready && call.Ended < gone - Margin).ToList();
            Assert.True(heard.Count > Callers, $"only {heard.Count} calls to judge by");
            Assert.All(heard, call => AssertWhole(call, records[call.RequestSha256].SingleOrDefault()));
        }

        Assert.All(records, record => Assert.Contains(record.Single().Text("outcome"), new[] { "completed", "incomplete" }));
        Assert.Contains(calls, call => !records.Contains(call.RequestSha256));
        output.WriteLine($"{calls.Count} calls, {records.Count} records, {records.Count(record => record.Single().Text("outcome") == "incomplete")} of them incomplete");
        var (exitCode, faults, _) = await LetheProgram.RunAsync("verify", "--parity", "--data", data);
        Assert.True(exitCode == 0, faults);
        Directory.Delete(Path.GetDirectoryName(data)!, recursive: true);
    }

    private static async Task<(TimeSpan Ready, TimeSpan Gone)> LiveAsync(string data, string listen, Traffic traffic, Func<LetheProcess, Task> end)
    {
        await using var lethe = await LetheProcess.StartAsync(data, ("Lethe:ExtProc:Listen", listen));
        var ready = traffic.Now;
        await Task.Delay(Life);
        await traffic.UntilHeardAsync(Callers + 1, since: ready);
        var gone = traffic.Now;
        await end(lethe);
        await Task.Delay(Absence);
        return (ready, gone);
    }

    private static void AssertWhole(HeardCall call, JsonElement record)
    {
        Assert.True(record.ValueKind == JsonValueKind.Object, $"{call} was made while Lethe was up and is missing");
        Assert.True(record.Text("outcome") == "completed", $"{call}: {record}");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(call.Answer)), record.Text("response", "sha256"));
    }

    private static async Task<Dictionary<int, byte[]>> AnswersAsync(string model)
    {
        using var client = new HttpClient();
        var answers = new Dictionary<int, byte[]>();
        foreach (var (events, gap) in Paces)
        {
            using var response = await client.PostAsync(new Uri(model + "/v1/messages"), new ByteArrayContent(Traffic.Question("nobody", events, gap)));
            answers[events] = await response.Content.ReadAsByteArrayAsync();
        }

        return answers;
    }

    private sealed record HeardCall(string Name, int Events, string RequestSha256, TimeSpan Began, TimeSpan Ended, HttpStatusCode Status, byte[] Answer);

    /// <summary>Callers that ask one question after the other; what goes wrong for one of them ends the test.</summary>
    private sealed class Traffic : IDisposable
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };
        private readonly List<Task> callers;
        private volatile bool enough;

        public Traffic(string address) => callers = [.. Enumerable.Range(0, Callers).Select(caller => CallAsync(address, caller))];

        public ConcurrentBag<HeardCall> Calls { get; } = [];

        public TimeSpan Now => clock.Elapsed;

        public static byte[] Question(string name, int events, int gap) => Encoding.UTF8.GetBytes(
            $$"""{"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"events":{{events}},"gap":{{gap}},"messages":[{"role":"user","content":"{{name}}"}]}""");

        /// <summary>Waits until so many calls have begun since then and ended long enough ago to be judged by; on a busy machine that takes longer.</summary>
        public async Task UntilHeardAsync(int count, TimeSpan since)
        {
            while (Calls.Count(call => call.Began > since && call.Ended < Now - Margin) < count && Now < since + LifeMax)
            {
                await Task.Delay(50);
            }
        }

        public async Task EndAsync()
        {
            enough = true;
            await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(60));
        }

        public void Dispose()
        {
            enough = true;
            client.Dispose();
        }

        private async Task CallAsync(string address, int caller)
        {
            for (var number = 0; !enough; number++)
            {
                var (events, gap) = Paces[(caller + number) % Paces.Length];
                var name = $"caller-{caller}-call-{number}";
                var question = Question(name, events, gap);
                var began = Now;
                using var response = await client.PostAsync(new Uri(address + "/v1/messages"), new ByteArrayContent(question));
                var answer = await response.Content.ReadAsByteArrayAsync();
                Calls.Add(new HeardCall(name, events, Convert.ToHexStringLower(SHA256.HashData(question)), began, Now, response.StatusCode, answer));
            }
        }
    }
}
