using System.Text.Json;
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
