using System.Text.Json;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real Gemini CLI, end to end, over generateContent.</summary>
public sealed class GeminiTests
{
    private const string Main = "PROMPT-MAIN";
    private const string Sub = "SUBTASK-PROMPT";

    [Fact]
    public async Task A_plain_question_is_one_turn()
    {
        await using var world = await AgentWorld.StartAsync(Routed(_ => new ModelReply.Say("Hello from the script.")));

        var run = await world.Home.GeminiAsync(world.Gemini, $"{Main} say hello");

        Assert.True(run.ExitCode == 0, run.ToString());
        var record = Assert.Single((await world.RecordedAsync()).Records, record => record.Text("reply", "text") == "Hello from the script.");
        Assert.Equal(("gemini-cli", "0.61.0"), (record.Text("harness", "id"), record.Text("harness", "version")));
        Assert.Equal(("generate_content", "completed", "STOP"), (record.Text("endpoint"), record.Text("outcome"), record.Text("stop_reason")));
        Assert.Equal((20, 8, 7, 2), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "output_tokens"), record.Number("usage", "reasoning_tokens")));
        Assert.NotNull(record.Text("model_served"));
    }

    [Fact]
    public async Task A_tool_call_and_its_output_extend_the_chain()
    {
        await using var world = await AgentWorld.StartAsync(Routed(call => call.Text.Contains("\"functionResponse\":{", StringComparison.Ordinal)
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("list_directory", new { dir_path = "." }))));

        var run = await world.Home.GeminiAsync(world.Gemini, $"{Main} run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records.Where(record => record.At("stream") is { ValueKind: JsonValueKind.True }).ToList();
        Assert.Equal(2, records.Count);
        Assert.Equal("list_directory", records[0].At("reply", "tool_calls")!.Value[0].Text("name"));
        Assert.Equal(records[0].Text("chain", "root"), records[1].Text("chain", "root"));
        Assert.Equal(records[0].Number("chain", "length") + 2, records[1].Number("chain", "length"));
        Assert.Single(records.Select(record => record.Text("session", "harness_session_id")).Distinct());
        Assert.Equal([1, 2], records.Select(record => record.Number("turn", "seq")!.Value));
    }

    [Fact]
    public async Task A_sub_agent_is_a_session_of_its_own_below_the_one_that_sent_it()
    {
        await using var world = await AgentWorld.StartAsync(Routed(call => call switch
        {
            _ when call.Text.Contains(Sub, StringComparison.Ordinal) && !call.Text.Contains(Main, StringComparison.Ordinal) =>
                call.Tools.Contains("complete_task") ? new ModelReply.UseTools(("complete_task", new { result = new { response = "sub-agent done" } })) : new ModelReply.Say("sub-agent done"),
            _ when call.Text.Contains("\"functionResponse\":{", StringComparison.Ordinal) => new ModelReply.Say("all done"),
            _ => new ModelReply.UseTools(("invoke_agent", new { agent_name = "generalist", prompt = $"{Sub} say hello" })),
        }));

        var run = await world.Home.GeminiAsync(world.Gemini, $"{Main} delegate");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        Assert.All(recorded.Records, record => Assert.Equal("completed", record.Text("outcome")));
        var main = recorded.Records.Single(record => record.Text("reply", "text") == "all done").Text("session", "harness_session_id");
        var child = recorded.Records.First(record => record.At("reply", "tool_calls")!.Value.GetRawText().Contains("complete_task", StringComparison.Ordinal));
        Assert.NotEqual(main, child.Text("session", "harness_session_id"));
        Assert.Equal((main, "inference:invoke_agent"), (child.Text("session", "parent", "harness_session_id"), child.Text("evidence", "parent_harness_session_id")));
    }

    /// <summary>Before a turn a small model is asked which model should answer; it is told a form.</summary>
    private static Func<ModelCall, ModelReply> Routed(Func<ModelCall, ModelReply> script) => call =>
        call.Text.Contains("\"responseMimeType\":\"application/json\"", StringComparison.Ordinal)
            ? new ModelReply.Say("""{"reasoning":"x","model_choice":"flash","complexity_reasoning":"x","complexity_score":10,"next_speaker":"user"}""")
            : script(call);
}
