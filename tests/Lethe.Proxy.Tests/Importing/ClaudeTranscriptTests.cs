using System.Text.Json;
using static Lethe.Proxy.Tests.Importing.ImportWorld;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>Transcripts of Claude Code, of releases old and new, whole and damaged.</summary>
public sealed class ClaudeTranscriptTests
{
    [Fact]
    public async Task A_tree_becomes_its_sessions_each_call_once_and_what_is_damaged_is_named()
    {
        await using var world = await ImportWorld.StartAsync();
        var first = Answer("s-1", "msg_1", 2, null, new { type = "thinking", thinking = "let me see", signature = "c2ln" });
        string[] history =
        [
            """{"type":"summary","summary":"about","leafUuid":"x"}""",
            User("s-1", "hello", 1),
            first,
            Answer("s-1", "msg_1", 3, null, new { type = "tool_use", id = "toolu_1", name = "Bash", input = new { command = "ls" } }),
            // The first tool is done before the second is told of.
            User("s-1", new object[] { new { type = "tool_result", tool_use_id = "toolu_1", content = "a b" } }, 4),
            Answer("s-1", "msg_1", 5, "tool_use", new { type = "tool_use", id = "toolu_2", name = "Read", input = new { path = "a" } }),
            User("s-1", new object[] { new { type = "tool_result", tool_use_id = "toolu_2", content = "no", is_error = true } }, 6),
            Line(new { type = "attachment", sessionId = "s-1", timestamp = At(6), rendered = new[] { new { content = "remember" } }, renderedRole = "system", attachment = new { type = "date" } }),
            Answer("s-1", "msg_2", 8, "end_turn", new { type = "text", text = "done" }),
        ];
        world.Write(
            "p/s-1.jsonl",
            [
                .. history,
                "{\"type\":\"user\",", new string('[', 300), "\0\u0001",
                With(Answer("s-1", "msg_x", 9, "end_turn", new { type = "text", text = "API Error" }), "message", new System.Text.Json.Nodes.JsonObject { ["model"] = "<synthetic>", ["id"] = "x", ["content"] = new System.Text.Json.Nodes.JsonArray() }),
                With(Answer("s-1", "msg_y", 9, "end_turn"), "timestamp", "yesterday"),
                Line(new { type = "system", subtype = "compact_boundary", sessionId = "s-1", timestamp = At(20) }),
                With(User("s-1", "a summary of it all", 21), "isCompactSummary", true),
                Answer("s-1", "msg_3", 22, "end_turn", new { type = "text", text = "on we go" }),
                """{"type":"assistant","sessionId":"s-1","mess""",
            ]);
        world.Write("p/s-1/subagents/agent-a1.jsonl", Agent(User("s-1", "a job", 10)), Agent(Answer("s-1", "msg_a1", 11, "end_turn", new { type = "text", text = "job done" })));
        world.Write("p/s-1/subagents/agent-a1.meta.json", """{"agentType":"Explore","spawnDepth":1,"toolUseId":"toolu_9"}""");
        // A fork as it is told today, one as it was told once, and what either has of its own.
        world.Write("p/s-2.jsonl", [.. history.Select(line => Copied(line, "s-2", "s-1")), User("s-2", "other", 30), Answer("s-2", "msg_f2", 31, "end_turn", new { type = "text", text = "two" })]);
        world.Write("p/s-3.jsonl", [.. history.Select(line => Copied(line, "s-3", null)), User("s-3", "another", 40), Answer("s-3", "msg_f3", 41, "end_turn", new { type = "text", text = "three" })]);
        world.Write("p/notes.json", "{\"nothing\":1}");

        var (code, dry, _) = await world.ImportAsync(world.Folder, "--dry-run");
        Assert.Equal((1, 6, true), (code, dry.GetProperty("taken").GetInt32(), dry.GetProperty("dry_run").GetBoolean()));
        Assert.Empty(await world.RecordsAsync("s-1"));

        (code, var outcome, var error) = await world.ImportAsync(world.Folder);

        Assert.Equal((1, 6, 4, 5), (code, outcome.GetProperty("taken").GetInt32(), outcome.GetProperty("known").GetInt32(), outcome.GetProperty("rejected").GetInt32()));
        Assert.Equal(
            ["s-1.jsonl:10: bad_json", "s-1.jsonl:11: bad_json", "s-1.jsonl:12: bad_json", "s-1.jsonl:14: bad_field", "s-1.jsonl:18: cut_off"],
            error.Trim().Split('\n').Select(line => line[(line.LastIndexOf('/') + 1)..]));

        var records = await world.RecordsAsync("s-1");
        Assert.Equal(["msg_1", "msg_2", "msg_3"], records.Select(record => record.GetProperty("response_id").GetString()));
        Assert.All(records, record => Assert.Equal(("ingest", "import", "completed", "harness"), (Word(record, "door"), Word(record, "capture_mode"), Word(record, "outcome"), Word(record.GetProperty("session"), "id_origin"))));
        Assert.Equal((30, 20, 5), (Usage(records[0], "input_tokens"), Usage(records[0], "cache_read_tokens"), Usage(records[0], "output_tokens")));
        Assert.Equal("let me see", Word(records[0].GetProperty("reply"), "reasoning"));
        Assert.Equal(["Bash", "Read"], records[0].GetProperty("reply").GetProperty("tool_calls").EnumerateArray().Select(call => Word(call, "name")));
        Assert.Equal("req_msg_1", Word(records[0], "upstream_request_id"));
        Assert.Equal(("2.0.1", "2026-03-01T12:00:01.000000Z"), (Word(records[0].GetProperty("harness"), "version"), Word(records[0], "captured_at")));
        var child = Assert.Single(await world.RecordsAsync("s-1/a1"));
        Assert.Equal(("s-1", "sub_agent"), (Word(child.GetProperty("session").GetProperty("parent"), "harness_session_id"), Word(child, "request_kind")));
        Assert.Equal(["msg_f2"], (await world.RecordsAsync("s-2")).Select(record => Word(record, "response_id")));
        Assert.Equal(["msg_f3"], (await world.RecordsAsync("s-3")).Select(record => Word(record, "response_id")));
        var tools = JsonDocument.Parse(await world.Lethe.Admin.GetStringAsync($"/v1/sessions/{Word(records[0].GetProperty("session"), "id")}")).RootElement.GetProperty("session").GetProperty("counters");
        Assert.Equal((3, 2), (tools.GetProperty("turns").GetInt32(), tools.GetProperty("tool_calls").GetInt32()));

        Assert.Equal((0, 10), Sums((await world.ImportAsync(world.Folder)).Outcome));
        Assert.Equal(0, (await LetheProgram.RunAsync("verify", "--parity", "--data", world.Lethe.DataDirectory)).ExitCode);
    }

    [Fact]
    public async Task An_answer_that_still_grows_is_left_for_later()
    {
        await using var world = await ImportWorld.StartAsync();
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()).ToString("O");
        string[] begun = [With(User("s", "hi", 1), "timestamp", now), With(Answer("s", "msg_1", 1, null, new { type = "text", text = "first" }), "timestamp", now)];
        var file = world.Write("s.jsonl", begun);

        Assert.Equal((0, 0), Sums((await world.ImportAsync(file)).Outcome));
        await File.WriteAllLinesAsync(file, [.. begun, With(Answer("s", "msg_1", 1, "end_turn", new { type = "text", text = "second" }), "timestamp", now)]);
        Assert.Equal((1, 0), Sums((await world.ImportAsync(file, "--format", "claude-code")).Outcome));

        Assert.Equal("firstsecond", Word(Assert.Single(await world.RecordsAsync("s")).GetProperty("reply"), "text"));
    }

    private static string At(int second) => $"2026-03-01T12:00:{second:00}.000Z";

    private static string User(string session, object content, int second) => Line(new
    {
        type = "user",
        sessionId = session,
        uuid = $"u{second}",
        timestamp = At(second),
        cwd = "/home/ann/project",
        version = "2.0.1",
        isSidechain = false,
        message = new { role = "user", content },
    });

    private static string Answer(string session, string id, int second, string? stop, params object[] content) => Line(new
    {
        type = "assistant",
        sessionId = session,
        uuid = $"a{second}",
        timestamp = At(second),
        cwd = "/home/ann/project",
        version = "2.0.1",
        requestId = "req_" + id,
        isSidechain = false,
        message = new
        {
            id,
            type = "message",
            role = "assistant",
            model = "claude-sonnet-4-5",
            content,
            stop_reason = stop,
            usage = new { input_tokens = 6, cache_creation_input_tokens = 4, cache_read_input_tokens = 20, output_tokens = stop is null ? 1 : 5 },
        },
    });

    private static string Agent(string line) => With(With(line, "agentId", "a1"), "isSidechain", true);

    private static string Copied(string line, string session, string? from)
    {
        var copy = With(line, "sessionId", session);
        return from is null || !line.Contains("\"assistant\"", StringComparison.Ordinal) ? copy : With(copy, "requestSessionId", from);
    }

    private static string? Word(JsonElement holder, string name) => holder.GetProperty(name).GetString();

    private static int Usage(JsonElement record, string name) => record.GetProperty("usage").GetProperty(name).GetInt32();

    private static (int Taken, int Known) Sums(JsonElement outcome) => (outcome.GetProperty("taken").GetInt32(), outcome.GetProperty("known").GetInt32());
}
