namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real opencode, end to end, over the Messages dialect.</summary>
public sealed class OpencodeTests
{
    private const string Main = "PROMPT-MAIN";
    private const string Sub = "SUBTASK-PROMPT";

    [Fact]
    public async Task A_plain_question_is_on_record_under_the_session_that_opencode_names()
    {
        await using var world = await AgentWorld.StartAsync(_ => new ModelReply.Say("Hello from the script."));

        var run = await world.Home.OpencodeAsync(world.Anthropic, $"{Main} say hello");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var session = Assert.Single(recorded.Sessions);
        Assert.StartsWith("ses_", session.Key, StringComparison.Ordinal);
        Assert.All(session, record => Assert.Equal(("opencode", "1.18.33", "completed"), (record.Text("harness", "id"), record.Text("harness", "version"), record.Text("outcome"))));
        Assert.Contains(session, record => record.Text("reply", "text") == "Hello from the script.");
    }

    [Fact]
    public async Task A_sub_agent_is_a_session_of_its_own_under_the_main_one()
    {
        await using var world = await AgentWorld.StartAsync(call => call switch
        {
            _ when call.Text.Contains(Sub, StringComparison.Ordinal) && !call.Text.Contains(Main, StringComparison.Ordinal) => new ModelReply.Say("sub-agent done"),
            _ when call.Text.Contains("tool_result", StringComparison.Ordinal) => new ModelReply.Say("all done"),
            _ when call.Tools.Contains("task") => new ModelReply.UseTools(("task", new { description = "a job", prompt = $"{Sub} say hello", subagent_type = "general" })),
            _ => new ModelReply.Say("A title"),
        });

        var run = await world.Home.OpencodeAsync(world.Anthropic, $"{Main} delegate");

        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        var (child, parent) = Assert.Single(recorded.Parents);
        Assert.Equal(2, recorded.Sessions.Count);
        Assert.True(recorded.Sessions.Contains(parent));
        Assert.Equal("sub-agent done", Assert.Single(recorded.Sessions[child]).Text("reply", "text"));
    }
}
