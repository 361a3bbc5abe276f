using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.IngestApi;
using static Lethe.Proxy.Tests.Importing.ImportWorld;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>Rollouts of Codex as older releases wrote them: without the answers' ids, and with a fork's history copied into it. The real one is run elsewhere.</summary>
public sealed class CodexTranscriptTests
{
    [Fact]
    public async Task A_thread_and_its_fork_are_two_sessions_and_each_call_is_counted_once()
    {
        await using var world = await ImportWorld.StartAsync();
        string[] history =
        [
            Item(1, "response_item", new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "list" } } }),
            Item(1, "turn_context", new { cwd = "/src", model = "gpt-5.1-codex", turn_id = "turn-1" }),
            Item(2, "response_item", new { type = "reasoning", summary = Array.Empty<object>(), encrypted_content = "xyz" }),
            Item(2, "response_item", new { type = "function_call", name = "shell", arguments = "{\"command\":[\"ls\"]}", call_id = "call_1" }),
            Item(3, "response_item", new { type = "function_call_output", call_id = "call_1", output = "a b" }),
            Count(3, 100, 40, 9),
            Count(4, 100, 40, 9),
            Item(5, "response_item", new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text = "two files" } } }),
            Count(5, 220, 90, 12),
        ];
        world.Write("rollout-a.jsonl", [Meta(0, "t-1"), .. history]);
        // All that a fork is given bears the moment of the fork.
        world.Write(
            "rollout-b.jsonl",
            [
                Meta(30, "t-2", "t-1"), Meta(30, "t-1"), .. history.Select(line => With(line, "timestamp", At(30))),
                Item(31, "compacted", new { message = "they listed files" }),
                Item(32, "response_item", new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "more" } } }),
                Item(33, "response_item", new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text = "no more" } } }),
                Count(33, 300, 100, 20),
                "{\"timestamp\":\"2026-", "[]", Line(new { timestamp = "x", type = "event_msg", payload = new { type = "token_count" } }),
            ]);

        var (code, outcome, error) = await world.ImportAsync(world.Folder);

        Assert.Equal((1, 3, 3), (code, outcome.GetProperty("taken").GetInt32(), outcome.GetProperty("rejected").GetInt32()));
        Assert.Contains("rollout-b.jsonl:16: bad_json", error, StringComparison.Ordinal);
        var records = await world.RecordsAsync("t-1");
        Assert.Equal([(100, 40, 9), (120, 50, 3)], records.Select(Usage));
        Assert.Equal("shell", records[0].GetProperty("reply").GetProperty("tool_calls")[0].GetProperty("name").GetString());
        Assert.Equal(("two files", "gpt-5.1-codex"), (records[1].GetProperty("reply").GetProperty("text").GetString(), records[1].GetProperty("model_served").GetString()));
        var fork = Assert.Single(await world.RecordsAsync("t-2"));
        Assert.Equal((80, 10, 8), Usage(fork));
        Assert.Equal("t-1", fork.GetProperty("session").GetProperty("parent").GetProperty("harness_session_id").GetString());
        Assert.Equal(3, fork.GetProperty("chain").GetProperty("length").GetInt32());

        Assert.Equal(3, (await world.ImportAsync(world.Folder)).Outcome.GetProperty("known").GetInt32());
        var (equal, table, _) = await LetheProgram.RunAsync("import", world.Folder, "--compare", "--data", world.Lethe.DataDirectory);
        Assert.Equal(1, equal);
        Assert.Contains("not captured", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_without_an_id_that_a_door_has_heard_is_known_by_all_that_it_says_and_what_is_not_sure_is_told()
    {
        const string Other = "0b6f1c1e-0000-4000-8000-000000000002";
        await using var world = await ImportWorld.StartAsync();
        var producer = new Producer(world.Lethe);
        await producer.SendAsync(Heard(1, "resp_1", new { type = "function_call", name = "shell", arguments = "{}", call_id = "call_1" }, 100, 40, 9));
        await producer.SendAsync(Heard(4, "resp_2", Said("two files"), 120, 50, 3));
        await producer.SendAsync(Heard(6, "resp_3", Said("another wording"), 80, 10, 8));
        await producer.SendAsync(Heard(4, "resp_2", Said("two files"), 120, 50, 4), "/v1/ingest?org=" + Other);
        world.Write(
            "rollout-a.jsonl",
            [
                Meta(0, "t-1"),
                Item(1, "response_item", new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "list" } } }),
                Item(1, "turn_context", new { cwd = "/src", model = "gpt-5.1-codex", turn_id = "turn-1" }),
                Item(2, "response_item", new { type = "function_call", name = "shell", arguments = "{}", call_id = "call_1" }),
                Item(3, "response_item", new { type = "function_call_output", call_id = "call_1", output = "a b" }),
                Count(3, 100, 40, 9),
                Item(5, "response_item", Said("two files")),
                Count(5, 220, 90, 12),
                Item(7, "response_item", Said("no more")),
                Count(7, 300, 100, 20),
            ]);

        var compared = JsonDocument.Parse((await LetheProgram.RunAsync("import", world.Folder, "--compare", "--json", "--data", world.Lethe.DataDirectory)).Output).RootElement;
        var (_, outcome, _) = await world.ImportAsync(world.Folder);
        var named = JsonDocument.Parse((await LetheProgram.RunAsync("import", world.Folder, "--compare", "--json", "--org", Other, "--data", world.Lethe.DataDirectory)).Output).RootElement;

        Assert.Equal((1, 2), (outcome.GetProperty("taken").GetInt32(), outcome.GetProperty("known").GetInt32()));
        Assert.Equal(4, (await world.RecordsAsync("t-1")).Count);
        var sessions = compared.EnumerateArray().ToDictionary(session => session.GetProperty("org_id").GetString()!);
        var own = sessions[Capture.Exchanges.Organisation.None];
        Assert.Equal(
            ("differs", 1, 1, 0, 1),
            (own.GetProperty("state").GetString(), Number(own, "only_in_transcript"), Number(own, "only_on_wire"), Number(own, "differing_calls"), Number(own, "uncertain_calls")));
        // There one of them has used something else; of the others nothing was heard at all.
        Assert.Equal((2, 1, 0), (Number(sessions[Other], "only_in_transcript"), Number(sessions[Other], "differing_calls"), Number(sessions[Other], "uncertain_calls")));
        Assert.Equal(sessions[Other].GetRawText(), Assert.Single(named.EnumerateArray()).GetRawText());

        static int Number(JsonElement session, string name) => session.GetProperty(name).GetInt32();
    }

    private static object Said(string text) => new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text } } };

    private static JsonObject Heard(int second, string id, object output, int input, int cached, int told) => new()
    {
        ["provider"] = "openai",
        ["commit_key"] = $"{id} {told}",
        ["request"] = new JsonObject { ["model"] = "gpt-5.1-codex", ["input"] = "at " + At(second) },
        ["raw_response"] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new
        {
            id,
            @object = "response",
            status = "completed",
            model = "gpt-5.1-codex",
            output = new[] { output },
            usage = new { input_tokens = input, input_tokens_details = new { cached_tokens = cached }, output_tokens = told, total_tokens = input + told },
        })),
        ["session"] = new JsonObject { ["harness_id"] = "codex", ["harness_session_id"] = "t-1" },
        ["meta"] = new JsonObject { ["ts_request"] = At(second), ["path"] = "/v1/responses" },
    };

    private static string At(int second) => $"2026-03-01T12:00:{second:00}.500Z";

    private static string Item(int second, string type, object payload) => Line(new { timestamp = At(second), type, payload });

    private static string Meta(int second, string id, string? from = null) =>
        Item(second, "session_meta", new { id, forked_from_id = from, timestamp = At(second), cwd = "/src", originator = "codex_cli_rs", cli_version = "0.80.0" });

    private static string Count(int second, int input, int cached, int output)
    {
        var all = new { input_tokens = input, cached_input_tokens = cached, output_tokens = output, reasoning_output_tokens = 1, total_tokens = input + output };
        var last = input switch
        {
            100 => all,
            220 => all with { input_tokens = 120, cached_input_tokens = 50, output_tokens = 3, total_tokens = 123 },
            _ => all with { input_tokens = 80, cached_input_tokens = 10, output_tokens = 8, total_tokens = 88 },
        };
        return Item(second, "event_msg", new { type = "token_count", info = new { total_token_usage = all, last_token_usage = last } });
    }

    private static (int, int, int) Usage(JsonElement record)
    {
        var usage = record.GetProperty("usage");
        return (usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("cache_read_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32());
    }
}
