using System.Text.Json;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real pi, end to end, over the Responses dialect.</summary>
public sealed class PiTests
{
    [Fact]
    public async Task A_question_with_a_tool_call_is_two_turns_of_the_session_that_pi_names()
    {
        await using var world = await AgentWorld.StartAsync(call => call.Text.Contains("function_call_output", StringComparison.Ordinal)
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("bash", new { command = "echo tool-ran" })));

        var run = await world.Home.PiAsync(world.OpenAI, "run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("The tool ran.", run.Output, StringComparison.Ordinal);
        var recorded = await world.RecordedAsync();
        var session = Assert.Single(recorded.Sessions);
        var records = recorded.Records;
        Assert.Equal(world.Model.Calls[0].Headers.Single(header => header.Key == "session_id").Value, session.Key);
        Assert.All(records, record => Assert.Equal(("pi", "harness", "responses", "completed"), (record.Text("harness", "id"), record.Text("session", "id_origin"), record.Text("endpoint"), record.Text("outcome"))));
        Assert.All(records, record => Assert.Equal((20, 8, 7, 2), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "output_tokens"), record.Number("usage", "reasoning_tokens"))));
        var call = records[0].At("reply", "tool_calls")!.Value[0];
        Assert.Equal(("bash", "echo tool-ran"), (call.Text("name"), call.Text("arguments", "command")));
        var result = Assert.Single(records[1].At("tool_results")!.Value.EnumerateArray());
        Assert.Equal((call.Text("id"), "ok"), (result.Text("id"), result.Text("status")));
        Assert.Equal("The tool ran.", records[1].Text("reply", "text"));
        Assert.Equal([1, 2], records.Select(record => record.Number("turn", "seq")!.Value));
        Assert.Equal(records[0].Text("chain", "root"), records[1].Text("chain", "root"));
    }
}
