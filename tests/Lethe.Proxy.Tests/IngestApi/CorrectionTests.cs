using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Commands;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>What an administrator sets right of what producers told, through the door, on either store, and once more out of the journal.</summary>
public sealed class CorrectionTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task T3_4f_a_session_under_the_wrong_harness_is_merged_for_good_and_a_replay_merges_it_again(string sink)
    {
        await using var lethe = await StoreOfTest.StartAsync(sink);
        var producer = new Producer(lethe);
        await producer.SendAsync(Producer.Payload("s", "the pelican question", "k1", "cursor"));
        await producer.SendAsync(Producer.Payload("s", "asked on", "k2", "claude"));
        await producer.SendAsync(Child("c", "cursor"));
        var (wrong, right) = (await IdAsync(producer, "cursor"), await IdAsync(producer, "claude"));
        var figures = await FiguresAsync(producer);

        var (status, merged) = await PostAsync(lethe, $"/v1/sessions/{wrong}/merge?into={right}&reason=named%20the%20wrong%20harness");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((right, 2, 2), (Text(merged.GetProperty("session"), "session_id"), Counter(merged, "turns"), Counter(merged, "exchanges")));
        Assert.Equal(figures, await FiguresAsync(producer));
        Assert.Equal("""[{"harness_id":"cursor","harness_session_id":"s"}]""", merged.GetProperty("aliases").GetRawText());
        Assert.Equal("c", Text(Assert.Single(merged.GetProperty("children").EnumerateArray()), "harness_session_id"));

        var (_, later) = await producer.SendAsync(Producer.Payload("s", "asked later", "k4", "cursor"));
        Assert.Equal(right, Text(later, "session_id"));
        var (_, again) = await producer.SendAsync(Producer.Payload("s", "the pelican question", "k1", "cursor"));
        Assert.Equal(("duplicate", right), (Text(again, "status"), Text(again, "session_id")));
        Assert.Equal(3, Counter(await producer.GetAsync("/v1/sessions/" + wrong), "turns"));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(lethe, $"/v1/sessions/{wrong}/merge?into={right}")).Status);
        Assert.Equal(right, Text(await UntilFoundAsync(producer, "pelican"), "session_id"));
        await SoundAsync(lethe, sink, producer);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task T3_4f_an_exchange_is_moved_with_both_counters_and_stays_moved(string sink)
    {
        await using var lethe = await StoreOfTest.StartAsync(sink);
        var producer = new Producer(lethe);
        var (_, first) = await producer.SendAsync(Producer.Payload("a", "one", "k1"));
        await producer.SendAsync(Producer.Payload("a", "two", "k2"));

        var (status, moved) = await PostAsync(lethe, $"/v1/exchanges/{Text(first, "exchange_id")}/attribution?harness=cursor&session=b");

        Assert.Equal((HttpStatusCode.OK, "b"), (status, Text(moved.GetProperty("session"), "harness_session_id")));
        Assert.Equal((1, 1), (Counter(await producer.GetAsync("/v1/sessions/a"), "turns"), Counter(await producer.GetAsync("/v1/sessions/b"), "turns")));
        Assert.Equal((HttpStatusCode.NotFound, "exchange_not_found"), Code(await PostAsync(lethe, "/v1/exchanges/none/attribution?harness=cursor&session=b")));
        Assert.Equal((HttpStatusCode.BadRequest, "bad_parameter"), Code(await PostAsync(lethe, $"/v1/exchanges/{Text(first, "exchange_id")}/attribution?session=b")));
        await SoundAsync(lethe, sink, producer);
    }

    [Fact]
    public async Task T3_4f_the_command_merges_beside_a_running_lethe_and_without_one()
    {
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "data");
        string[] ids;
        await using (var lethe = await LetheUnderTest.StartAsync())
        {
            var producer = new Producer(lethe);
            foreach (var session in (string[])["a", "b", "c"])
            {
                await producer.SendAsync(Producer.Payload(session, session, session));
            }

            var (code, output, error) = await LetheProgram.RunAsync("session", "merge", "a", "b", "--data", lethe.DataDirectory);
            Assert.True(code == 0, output + error);
            ids = [.. (await producer.GetAsync("/v1/sessions")).GetProperty("items").EnumerateArray().Select(one => Text(one, "harness_session_id")).Order()!];
            Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), Code(await PostAsync(lethe, "/v1/sessions/none/merge?into=a")));
            Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), Code(await PostAsync(lethe, "/v1/sessions/c/merge?into=none")));
            Assert.Equal((HttpStatusCode.BadRequest, "bad_parameter"), Code(await PostAsync(lethe, "/v1/sessions/c/merge")));
            Assert.Equal(0, (await LetheProgram.RunAsync("backup", data, "--data", lethe.DataDirectory)).ExitCode);
        }

        Assert.Equal(["b", "c"], ids);
        Assert.Equal((1, "no session answers"), Told(await LetheProgram.RunAsync("session", "merge", "c", "none", "--data", data), "no session answers"));
        var (rest, told, fault) = await LetheProgram.RunAsync("session", "merge", "b", "c", "--data", data);
        Assert.True(rest == 0, told + fault);
        Assert.Contains("3 turns, 3 exchanges, known as claude a, claude b", told, StringComparison.Ordinal);
        Assert.Equal(0, (await LetheProgram.RunAsync("verify", "--parity", "--data", data)).ExitCode);
        Directory.Delete(Path.GetDirectoryName(data)!, recursive: true);

        static (int, string) Told((int ExitCode, string Output, string Error) ran, string word) => (ran.ExitCode, ran.Error.Contains(word, StringComparison.Ordinal) ? word : ran.Error);
    }

    [Fact]
    public async Task What_another_recorder_ships_sets_nothing_right()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        var body = """{"wire_bytes":2,"truncated":false,"sha256":null,"bytes":"e30="}""";
        var (_, told) = await new Producer(lethe).SendAsync(
            $$$"""{"id":"0190a0a0-0000-7000-8000-000000000000","commit_key":"k","path":"/","ending":"Completed","captured_at":1,"request_headers":[],"response_headers":[],"trailers":[],"request":{{{body}}},"response":{{{body}}},"attributes":{"lethe.ingest.kind":"correction"}}""",
            "application/x-lethe-calls");

        Assert.Equal("bad_call", Text(told.GetProperty("results")[0], "code"));
    }

    // It agrees with itself and with the journal; a replay changes nothing, and one into an empty store tells the same sessions.
    private static async Task SoundAsync(LetheUnderTest lethe, string sink, Producer producer)
    {
        string[] store = sink == "postgres" ? ["--Lethe:Sink", "postgres", "--Lethe:Postgres:ConnectionString", StoreOfTest.ConnectionOf(lethe)] : [];
        var (_, replayed, _) = await LetheProgram.RunAsync(["replay", "--data", lethe.DataDirectory, .. store]);
        Assert.StartsWith("0 replayed", replayed, StringComparison.Ordinal);
        var (code, told, error) = await LetheProgram.RunAsync(["verify", "--parity", "--data", lethe.DataDirectory, .. store]);
        Assert.True(code == 0, told + error);
        var anew = Path.Combine(Path.GetDirectoryName(lethe.DataDirectory)!, "anew");
        Assert.Equal(0, (await LetheProgram.RunAsync("replay", "--data", lethe.DataDirectory, "--into", anew)).ExitCode);
        var (_, sessions, _) = await LetheProgram.RunAsync("sessions", "--json", "--data", anew);
        var there = JsonDocument.Parse(sessions).RootElement;
        Assert.Equal(
            Comparable((await producer.GetAsync("/v1/sessions?limit=200")).GetProperty("items")),
            Comparable(there.ValueKind == JsonValueKind.Array ? there : there.GetProperty("items")));
        Assert.Equal(await RecordsAsync(producer), (await LetheProcess.ExportAsync(anew)).Select(one => $"{Text(one, "exchange_id")} {one.GetProperty("session")} {one.GetProperty("turn")}").Order(StringComparer.Ordinal));
    }

    private static async Task<IEnumerable<string>> RecordsAsync(Producer producer) => (await producer.GetAsync("/v1/exchanges?limit=200")).GetProperty("items").EnumerateArray()
        .Select(one => $"{Text(one, "exchange_id")} {one.GetProperty("session")} {one.GetProperty("turn")}").Order(StringComparer.Ordinal);

    private static string Comparable(JsonElement sessions) =>
        string.Join('\n', sessions.EnumerateArray().Select(one => $"{one.GetProperty("session_id")} {one.GetProperty("counters").GetRawText()} {one.GetProperty("parent_session_id")}").Order(StringComparer.Ordinal));

    // What was said of models; that something was set right is a call of no model.
    private static async Task<string> FiguresAsync(Producer producer) => string.Join('\n', (await producer.GetAsync("/v1/stats?by=model")).GetProperty("items").EnumerateArray()
        .Where(item => Text(item, "key")!.Length > 0).Select(item => item.GetRawText()));

    private static JsonObject Child(string session, string parentHarness) => Producer.Payload(session, "of " + session, session, "codex", payload =>
    {
        var block = payload["session"]!.AsObject();
        (block["parent_harness_session_id"], block["parent_harness_id"]) = ("s", parentHarness);
    });

    private static async Task<string> IdAsync(Producer producer, string harness) =>
        Text(Assert.Single((await producer.GetAsync("/v1/sessions?harness=" + harness)).GetProperty("items").EnumerateArray()), "session_id")!;

    private static async Task<JsonElement> UntilFoundAsync(Producer producer, string word)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var items = (await producer.GetAsync("/v1/search?q=" + word)).GetProperty("items");
            if (items.GetArrayLength() > 0)
            {
                return items[0];
            }

            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(LetheUnderTest lethe, string path)
    {
        using var response = await lethe.Admin.PostAsync(path, null);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement);
    }

    private static (HttpStatusCode, string?) Code((HttpStatusCode Status, JsonElement Body) answer) => (answer.Status, Text(answer.Body, "code"));

    private static int Counter(JsonElement detail, string name) => detail.GetProperty("session").GetProperty("counters").GetProperty(name).GetInt32();

    private static string? Text(JsonElement holder, string name) => holder.GetProperty(name).GetString();
}
