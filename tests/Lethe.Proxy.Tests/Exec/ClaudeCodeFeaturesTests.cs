using System.Text.Json;
using Lethe.Proxy.Exec;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>What Claude Code switches off for an address that is not Anthropic's is on in a run of exec, as it would be without lethe.</summary>
public sealed class ClaudeCodeFeaturesTests
{
    private static readonly Dictionary<string, string> Features = new()
    {
        ["ENABLE_TOOL_SEARCH"] = "true",
        ["CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING"] = "1",
        ["CLAUDE_CODE_PROPAGATE_TRACEPARENT"] = "1",
        ["CLAUDE_CODE_GATEWAY_HINT_HEADERS"] = "1",
    };

    [Theory]
    [InlineData("")]
    [InlineData("https://api.anthropic.com")]
    [InlineData("http://127.0.0.1:4141/anthropic")]
    public void All_are_given_by_the_environment_and_by_the_settings(string address)
    {
        var plan = Plan(World(("ANTHROPIC_BASE_URL", address)), "claude");

        Assert.Equal(Features, Features.Keys.ToDictionary(name => name, name => plan.Environment[name]!));
        Assert.Equal(Features, Features.Keys.ToDictionary(name => name, name => Settings(plan).GetProperty(name).GetString()!));
    }

    [Fact]
    public void What_the_user_set_stays_wherever_it_was_set()
    {
        var world = World(("ENABLE_TOOL_SEARCH", "auto:10"), ("CLAUDE_CODE_PROPAGATE_TRACEPARENT", "0"))
            .With("/home/me/.claude/settings.json", """{"env":{"CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING":"0","CLAUDE_CODE_GATEWAY_HINT_HEADERS":"0"}}""");

        var plan = Plan(world, "claude");

        Assert.Equal(["auto:10", "0", "0", "0"], Features.Keys.Select(name => plan.Environment[name]));
        Assert.Equal(["auto:10", "0", "0", "0"], Features.Keys.Select(name => Settings(plan).GetProperty(name).GetString()));
    }

    [Theory]
    [InlineData("ANTHROPIC_BASE_URL", "https://gateway.example")]
    [InlineData("CLAUDE_CODE_USE_VERTEX", "1")]
    [InlineData("CLAUDE_CODE_USE_BEDROCK", "1")]
    public void Where_they_are_off_without_lethe_they_stay_off(string variable, string value)
    {
        var plan = Plan(World((variable, value)), "claude");

        Assert.False(plan.Environment.ContainsKey("ENABLE_TOOL_SEARCH"));
        Assert.False(plan.Environment.ContainsKey("CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING"));
        Assert.False(plan.Environment.ContainsKey("CLAUDE_CODE_PROPAGATE_TRACEPARENT"));
        Assert.Equal("1", plan.Environment["CLAUDE_CODE_GATEWAY_HINT_HEADERS"]);
    }

    private static JsonElement Settings(ExecPlan plan) => JsonDocument.Parse(plan.Arguments[1]).RootElement.GetProperty("env");
}
