using Lethe.Proxy.Tests.Support;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>Real agents through a real Envoy with the shipped sidecar configuration: they leave what they leave through the forwarding door.</summary>
public sealed class AgentsThroughEnvoyTests(ITestOutputHelper output)
{
    [Fact]
    public Task Claude_code_and_its_two_sub_agents() => AssertSameAsync(
        ClaudeCodeTests.DelegatesTwice,
        world => world.Home.ClaudeAsync(world.Anthropic, $"{ClaudeCodeTests.Main} delegate"),
        (Sessions: 3, Records: 4));

    [Fact]
    public Task Claude_code_told_once_that_the_model_is_overloaded() => AssertSameAsync(
        call => call.Number == 1 ? new ModelReply.Fail(529, "overloaded_error", "Overloaded") : new ModelReply.Say("Second time lucky."),
        world => world.Home.ClaudeAsync(world.Anthropic, $"{ClaudeCodeTests.Main} say hello"),
        (Sessions: 1, Records: 2));

    [Fact]
    public Task Codex_and_the_agent_that_it_spawns() => AssertSameAsync(
        CodexTests.SpawnsOne,
        world => world.Home.CodexAsync(world.OpenAI, $"{CodexTests.Main} delegate", "--enable", "multi_agent_v2"),
        (Sessions: 2, Records: 4));

    private async Task AssertSameAsync(Func<ModelCall, ModelReply> script, Func<AgentWorld, Task<AgentRun>> act, (int Sessions, int Records) expected)
    {
        if (await EnvoyProcess.FindAsync(output) is not { } envoy)
        {
            return;
        }

        var (forwarded, forwardedSessions) = await RunAsync(await AgentWorld.StartAsync(script), act, "forwarding");
        var (shown, shownSessions) = await RunAsync(await AgentWorld.StartBehindEnvoyAsync(envoy, script), act, "ext_proc");

        Assert.Equal(expected, (forwarded.Sessions.Count, forwarded.Records.Count));
        AssertSame(Outline.Of(forwarded), Outline.Of(shown));
        AssertSame(Outline.OfSessions(forwardedSessions, forwarded), Outline.OfSessions(shownSessions, shown));
    }

    // What differs is somewhere in long lines, so all of them are told.
    private static void AssertSame(IEnumerable<string> forwarded, IEnumerable<string> shown) =>
        Assert.True(forwarded.SequenceEqual(shown), $"forwarded:\n{string.Join('\n', forwarded)}\nshown:\n{string.Join('\n', shown)}");

    private static async Task<(Conversation Conversation, string Sessions)> RunAsync(AgentWorld started, Func<AgentWorld, Task<AgentRun>> act, string door)
    {
        await using var world = started;
        var run = await act(world);
        Assert.True(run.ExitCode == 0, run.ToString());
        var recorded = await world.RecordedAsync();
        Assert.All(recorded.Records, record => Assert.Equal(door, record.Text("door")));
        var (_, sessions, _) = await LetheProgram.RunAsync("sessions", "--json", "--data", world.Lethe.DataDirectory);
        return (recorded, sessions);
    }
}
