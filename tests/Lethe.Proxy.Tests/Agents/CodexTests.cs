using Lethe.Proxy.Tests.Importing;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real Codex CLI, end to end, over its Responses dialect.</summary>
public sealed class CodexTests
{
    internal const string Main = "PROMPT-MAIN";
    private const string Sub = "SUBTASK-PROMPT";

    [Fact]
    public async Task A_plain_question_is_one_turn_of_the_root_thread()
    {
        await using var world = await AgentWorld.StartAsync(_ => new ModelReply.Say("Hello from the script."));

        var run = await world.Home.CodexAsync(world.OpenAI, $"{Main} say hello");

        Assert.True(run.ExitCode == 0, run.ToString());
        var record = Assert.Single((await world.RecordedAsync()).Records);
        Assert.Equal(("codex", "0.169.0"), (record.Text("harness", "id"), record.Text("harness", "version")));
        Assert.Equal(("responses", "completed", "Hello from the script."), (record.Text("endpoint"), record.Text("outcome"), record.Text("reply", "text")));
        Assert.Equal((20, 8, 7, 2), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "output_tokens"), record.Number("usage", "reasoning_tokens")));
        Assert.Equal(1, record.Number("turn", "seq"));
        Assert.Equal("harness", record.Text("session", "id_origin"));
        Assert.Null(record.Text("session", "parent", "harness_session_id"));
    }

    [Fact]
    public async Task A_tool_call_and_its_output_extend_the_chain()
    {
        await using var world = await AgentWorld.StartAsync(call => call.Body.GetProperty("input").GetRawText().Contains("function_call_output", StringComparison.Ordinal)
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("exec_command", new { cmd = "echo tool-ran" })));

        var run = await world.Home.CodexAsync(world.OpenAI, $"{Main} run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records;
        Assert.Equal(2, records.Count);
        Assert.Equal("exec_command", records[0].At("reply", "tool_calls")!.Value[0].Text("name"));
        Assert.Equal(records[0].Text("chain", "root"), records[1].Text("chain", "root"));
        Assert.Equal(records[0].Number("chain", "length") + 2, records[1].Number("chain", "length"));
        Assert.Equal([1, 2], records.Select(record => record.Number("turn", "seq")!.Value));
    }

    [Fact]
    public async Task Over_a_websocket_each_call_is_a_turn_and_the_warm_up_is_none()
    {
        await using var world = await AgentWorld.StartAsync(call => call.Body.GetProperty("input").GetRawText().Contains("function_call_output", StringComparison.Ordinal)
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("exec_command", new { cmd = "echo tool-ran" })));

        var run = await world.Home.CodexOverSocketAsync(world.OpenAI, $"{Main} run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records;
        Assert.Equal(2, records.Count);
        Assert.All(records, record => Assert.Equal(
            ("codex", "0.169.0", "GET", 101, "responses", "completed"),
            (record.Text("harness", "id"), record.Text("harness", "version"), record.Text("method"), record.Number("status"), record.Text("endpoint"), record.Text("outcome"))));
        Assert.Equal(("exec_command", "The tool ran."), (records[0].At("reply", "tool_calls")!.Value[0].Text("name"), records[1].Text("reply", "text")));
        Assert.Equal([(1, 20, 7), (2, 20, 7)], records.Select(record => (record.Number("turn", "seq"), record.Number("usage", "input_tokens"), record.Number("usage", "output_tokens"))));
        Assert.Equal(records[0].Text("response_id"), records[1].Text("previous_response_id"));
        Assert.Single(records.Select(record => (record.Text("session", "harness_session_id"), record.Text("session", "id_origin"), record.Text("connection_id"))).Distinct());
        Assert.Contains(world.Model.Calls[0].Headers, header => header is { Key: "Sec-WebSocket-Extensions", Value: { } offer } && offer.StartsWith("permessage-deflate", StringComparison.Ordinal));
        var all = await world.Lethe.ExportAsync();
        var connection = Assert.Single(all, record => record.Text("exchange_id") == records[0].Text("connection_id"));
        Assert.Equal((101, "other"), (connection.Number("status"), connection.Text("operation")));
        Assert.Contains(all, record => record.Text("connection_id") == connection.Text("exchange_id") && record.Text("operation") == "other" && record.Number("turn", "seq") is null);
    }

    [Fact]
    public async Task A_spawned_agent_is_a_child_of_the_thread_that_spawned_it()
    {
        await using var world = await AgentWorld.StartAsync(SpawnsOne);

        var run = await world.Home.CodexAsync(world.OpenAI, $"{Main} delegate", "--enable", "multi_agent_v2");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var (child, parent) = Assert.Single(recorded.Parents);
        Assert.Equal(2, recorded.Sessions.Count);
        Assert.True(recorded.Sessions.Contains(parent));
        Assert.Equal(child, recorded.Sessions[child].First().Text("session", "thread_id"));
        Assert.Equal("explicit", recorded.Sessions[child].First().Text("session", "parent", "resolution"));
        await ImportedHistory.AssertIsWhatWasHeardAsync(world, recorded);
    }

    /// <summary>The model spawns one agent, waits for it, and is content.</summary>
    internal static ModelReply SpawnsOne(ModelCall call)
    {
        var spawned = call.Body.GetProperty("input").GetRawText().Contains("\"name\":\"spawn_agent\"", StringComparison.Ordinal);
        var waited = call.Body.GetProperty("input").GetRawText().Contains("\"name\":\"wait_agent\"", StringComparison.Ordinal);
        var tool = call.Tools.FirstOrDefault(name => name.EndsWith("spawn_agent", StringComparison.Ordinal));
        return call.Headers.Any(header => header.Key.Equals("x-codex-parent-thread-id", StringComparison.OrdinalIgnoreCase)) ? new ModelReply.Say("sub-agent done")
            : tool is not null && !spawned ? new ModelReply.UseTools((tool, new { task_name = "job_1", message = $"{Sub} say hello", agent_type = "default" }))
            : spawned && !waited ? new ModelReply.UseTools((tool!.Replace("spawn_agent", "wait_agent", StringComparison.Ordinal), new { timeout_ms = 15000 }))
            : new ModelReply.Say("main done");
    }
}
