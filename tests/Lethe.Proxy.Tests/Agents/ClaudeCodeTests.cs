using System.Text.Json;
using Lethe.Proxy.Tests.Importing;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real Claude Code, end to end.</summary>
public sealed class ClaudeCodeTests
{
    internal const string Main = "PROMPT-MAIN";
    private const string Outer = "SUBTASK-OUTER";
    private const string Inner = "SUBTASK-INNER";

    [Fact]
    public async Task A_plain_question_is_one_turn_of_one_session()
    {
        await using var world = await AgentWorld.StartAsync(_ => new ModelReply.Say("Hello from the script."));

        var run = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} say hello");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var record = Assert.Single(recorded.Records);
        Assert.Equal("claude-code", record.Text("harness", "id"));
        Assert.Equal("2.1.329", record.Text("harness", "version"));
        Assert.Equal(SessionOf(run), record.Text("session", "harness_session_id"));
        Assert.Equal("harness", record.Text("session", "id_origin"));
        Assert.Equal("header:x-claude-code-session-id", record.Text("evidence", "harness_session_id"));
        Assert.Equal(("completed", "end_turn", 200), (record.Text("outcome"), record.Text("stop_reason"), (int)record.Number("status")!));
        Assert.Equal("Hello from the script.", record.Text("reply", "text"));
        Assert.Equal((20, 6, 4, 5), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "cache_write_tokens"), record.Number("usage", "output_tokens")));
        Assert.Equal((1, 1), (record.Number("turn", "seq"), record.Number("turn", "attempt")));
        Assert.NotNull(record.Number("cost_nano_usd"));
    }

    [Fact]
    public async Task A_tool_call_and_its_result_extend_the_chain()
    {
        await using var world = await AgentWorld.StartAsync(call => call.Text.Contains("tool_result", StringComparison.Ordinal)
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("Bash", new { command = "echo tool-ran", description = "echo" })));

        var run = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records;
        Assert.Equal(2, records.Count);
        Assert.Equal("Bash", records[0].At("reply", "tool_calls")!.Value[0].Text("name"));
        Assert.Equal("echo tool-ran", records[0].At("reply", "tool_calls")!.Value[0].Text("arguments", "command"));
        Assert.Equal(records[0].Text("chain", "root"), records[1].Text("chain", "root"));
        // The tool's result and the second reply are all that is new.
        Assert.Equal(records[0].Number("chain", "length") + 2, records[1].Number("chain", "length"));
        Assert.Equal([1, 2], records.Select(record => record.Number("turn", "seq")!.Value));
    }

    [Fact]
    public async Task Two_sub_agents_are_two_children_of_the_main_session()
    {
        await using var world = await AgentWorld.StartAsync(DelegatesTwice);

        var run = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} delegate");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var main = SessionOf(run);
        var children = recorded.Sessions.Where(session => session.Key != main).ToList();
        Assert.Equal(2, children.Count);
        Assert.All(children, child => Assert.Equal(main, recorded.Parents[child.Key]));
        Assert.All(children, child => Assert.StartsWith(main + "/", child.Key, StringComparison.Ordinal));
        Assert.All(children, child => Assert.Equal("explicit", child.First().Text("session", "parent", "resolution")));
        Assert.Equal(2, recorded.Sessions[main].Count());
    }

    [Fact]
    public async Task A_nested_sub_agent_is_a_child_of_the_sub_agent()
    {
        await using var world = await AgentWorld.StartAsync(call => call switch
        {
            _ when LastWords(call).Contains(Inner, StringComparison.Ordinal) && !call.Text.Contains("tool_result", StringComparison.Ordinal) && !call.Text.Contains(Outer, StringComparison.Ordinal) => new ModelReply.Say("inner done"),
            _ when call.Text.Contains("tool_result", StringComparison.Ordinal) => new ModelReply.Say("level done"),
            _ when IsSubtask(call) => new ModelReply.UseTools(SubAgent($"{Inner}")),
            _ => new ModelReply.UseTools(SubAgent($"{Outer}")),
        });

        var run = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} delegate deeply");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var main = SessionOf(run);
        var outer = Assert.Single(recorded.Parents, parent => parent.Value == main).Key;
        var inner = Assert.Single(recorded.Parents, parent => parent.Value == outer).Key;
        Assert.Equal(3, recorded.Sessions.Count);
        Assert.StartsWith(main + "/", inner, StringComparison.Ordinal);
        await ImportedHistory.AssertIsWhatWasHeardAsync(world, recorded);
    }

    [Fact]
    public async Task A_call_retried_after_529_and_a_cut_stream_is_one_turn_of_three_attempts()
    {
        await using var world = await AgentWorld.StartAsync(call => call.Number switch
        {
            1 => new ModelReply.Fail(529, "overloaded_error", "Overloaded"),
            2 => new ModelReply.Cut(),
            _ => new ModelReply.Say("Third time lucky."),
        });

        var run = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} say hello");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records;
        Assert.Equal(["upstream_error", "upstream_aborted", "completed"], records.Select(record => record.Text("outcome")));
        Assert.Equal([1, 2, 3], records.Select(record => record.Number("turn", "attempt")!.Value));
        Assert.Equal([null, records[0].Text("exchange_id"), records[0].Text("exchange_id")], records.Select(record => record.Text("turn", "retry_of")));
        Assert.Equal("overloaded_error", records[0].Text("error", "type"));
        Assert.Equal("partial", records[1].Text("usage", "source"));
        Assert.Single(records.Select(record => record.Text("session", "id")).Distinct());
        var (_, sessions, _) = await LetheProgram.RunAsync("sessions", "--json", "--data", world.Lethe.DataDirectory);
        Assert.Contains("\"turns\":1", sessions.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resumed_session_goes_on_under_its_own_id()
    {
        await using var world = await AgentWorld.StartAsync(call => new ModelReply.Say($"Answer {call.Number}."));

        var first = await world.Home.ClaudeAsync(world.Anthropic, $"{Main} one");
        var second = await world.Home.ClaudeAsync(world.Anthropic, "two", "--resume", SessionOf(first));

        Assert.True(second.ExitCode == 0, second.ToString());
        var recorded = await world.RecordedAsync();
        var session = Assert.Single(recorded.Sessions);
        Assert.Equal(SessionOf(first), session.Key);
        Assert.Equal([1, 2], session.Select(record => record.Number("turn", "seq")!.Value));
        Assert.Equal(session.First().Text("chain", "root"), session.Last().Text("chain", "root"));
    }

    /// <summary>The model gives two jobs to two sub-agents, and is content with what they say.</summary>
    internal static ModelReply DelegatesTwice(ModelCall call) => call switch
    {
        _ when IsSubtask(call) => new ModelReply.Say("sub-agent done"),
        _ when call.Text.Contains("tool_result", StringComparison.Ordinal) => new ModelReply.Say("all done"),
        _ => new ModelReply.UseTools(SubAgent($"{Outer} 1"), SubAgent($"{Outer} 2")),
    };

    private static (string Name, object Input) SubAgent(string prompt) =>
        ("Agent", new { description = "a job", prompt, subagent_type = "general-purpose", run_in_background = false });

    private static bool IsSubtask(ModelCall call) => call.Text.Contains("SUBTASK-", StringComparison.Ordinal) && !call.Text.Contains(Main, StringComparison.Ordinal);

    private static string LastWords(ModelCall call) => call.Body.GetProperty("messages").ToString();

    private static string SessionOf(AgentRun run) => JsonDocument.Parse(run.Output).RootElement.GetProperty("session_id").GetString()!;
}
