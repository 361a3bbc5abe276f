using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;

namespace Lethe.Proxy.Tests.Keeping;

/// <summary>SIGKILL while words are on their way out: whatever was left of the job is found and finished, and nothing else is touched.</summary>
public sealed class KilledKeepingTests : IAsyncLifetime
{
    private const int Rounds = 7;
    private const int MoreCalls = 60;

    private static readonly TimeSpan DoneMax = TimeSpan.FromSeconds(60);

    private readonly string scratch = Directory.CreateTempSubdirectory("lethe-killed-keeping-").FullName;
    private readonly Random random = new(14);
    private SaidEverywhere said = null!;
    private string template = "";

    public async Task InitializeAsync()
    {
        said = await SaidEverywhere.StartAsync("first", "other");
        await said.SayMoreAsync("first", MoreCalls);
        await said.SayMoreAsync("other", MoreCalls);
        await said.UntilStoredAsync((2 * 5) + (2 * MoreCalls));
        await said.Lethe.Host.StopAsync();
        template = said.Lethe.DataDirectory;
    }

    public async Task DisposeAsync()
    {
        await said.DisposeAsync();
        Directory.Delete(scratch, recursive: true);
    }

    [Fact]
    public async Task A_killed_forgetting_is_finished_by_the_next_and_leaves_the_others_as_they_were()
    {
        var others = SaidEverywhere.Found(template, SaidEverywhere.Words("other"));
        var kept = await ExportAsync(template, "--session", "other");
        var clock = Stopwatch.StartNew();
        await ForgetAsync(Copy("whole"));
        var whole = clock.Elapsed;
        for (var round = 0; round < Rounds; round++)
        {
            var data = Copy(round.ToString(CultureInfo.InvariantCulture));
            using (var forget = LetheProgram.Start(AppContext.BaseDirectory, "forget", "first", "--yes", "--data", data))
            {
                await Task.Delay(whole * (0.4 + (random.NextDouble() * 0.6)));
                await forget.KillAsync();
            }

            // Said again or not, the next lethe finishes it; one that was killed before it was noted is said again.
            await ForgetAsync(data);
            Assert.Empty(SaidEverywhere.Found(data, SaidEverywhere.Words("first")));
            Assert.Equal(others, SaidEverywhere.Found(data, SaidEverywhere.Words("other")));
            Assert.Equal(kept, await ExportAsync(data, "--session", "other"));
            await VerifyAsync(data);
        }
    }

    [Fact]
    public async Task A_killed_retention_goes_on_at_the_next_start_and_what_it_leaves_is_whole()
    {
        var before = (await RecordsAsync(template)).ToDictionary(IdOf);
        var bodies = (await RecordsAsync(template, "--bodies")).ToDictionary(IdOf);
        var data = Copy("retention");
        for (var round = 0; round < Rounds; round++)
        {
            using var lethe = LetheProgram.Start(AppContext.BaseDirectory, Environment((long)(Bytes(data) * 0.9)), "run", "--data", data, "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0");
            await lethe.ReadLineAsync("  forwarding ");
            await Task.Delay(random.Next(400));
            await lethe.KillAsync();
            await VerifyAsync(data);
        }

        var expired = await UntilSomeExpiredAsync(data, (long)(Bytes(data) * 0.9));
        var after = (await RecordsAsync(data, "--bodies")).ToDictionary(IdOf);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.InRange(expired, 1, before.Count - 1);
        foreach (var (id, record) in after)
        {
            Assert.Equal(KeptFacts.Of(before[id]), KeptFacts.Of(record));
            if (record.Text("content") == "kept")
            {
                Assert.Equal(bodies[id].GetRawText(), record.GetRawText());
            }
            else
            {
                Assert.Equal("expired", record.Text("content"));
                Assert.Null(record.Text("request", "body_base64"));
            }
        }

        await VerifyAsync(data);
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment(long bytesMax) =>
    [
        new("Lethe__ExtProc__Listen", "http://127.0.0.1:0"),
        new("Lethe__Retention__BytesMax", bytesMax.ToString(CultureInfo.InvariantCulture)),
    ];

    // Runs it in peace until retention has looked; how many exchanges have lost their words.
    private static async Task<int> UntilSomeExpiredAsync(string data, long bytesMax)
    {
        await using var lethe = await LetheProcess.StartAsync(data, ("Lethe:Retention:BytesMax", bytesMax.ToString(CultureInfo.InvariantCulture)));
        using var http = new HttpClient();
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < DoneMax)
        {
            using var answer = await http.GetAsync(new Uri(lethe.Admin + "/readyz"));
            using var status = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            if (status.RootElement.Text("keeping", "looked_at") is not null)
            {
                var count = (await lethe.ExportAsync()).Count(record => record.Text("content") == "expired");
                await lethe.StopAsync();
                return count;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException("retention did not look");
    }

    private static async Task ForgetAsync(string data)
    {
        var (code, output, error) = await LetheProgram.RunAsync("forget", "first", "--yes", "--data", data);
        Assert.True(code == 0, output + error);
    }

    private static async Task VerifyAsync(string data)
    {
        var (code, faults, error) = await LetheProgram.RunAsync("verify", "--parity", "--data", data);
        Assert.True(code == 0, faults + error);
    }

    private static async Task<string> ExportAsync(string data, params string[] more)
    {
        var (code, output, error) = await LetheProgram.RunAsync(["export", "--bodies", "--data", data, .. more]);
        Assert.True(code == 0, error);
        return output;
    }

    private static Task<List<JsonElement>> RecordsAsync(string data, params string[] more) => LetheProcess.ExportAsync(data, more);

    private static string IdOf(JsonElement record) => record.Text("exchange_id")!;

    private static long Bytes(string data) => new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private string Copy(string name)
    {
        var copy = Path.Combine(scratch, name);
        using var cp = Process.Start("cp", ["-a", template, copy]);
        cp.WaitForExit();
        return copy;
    }
}
