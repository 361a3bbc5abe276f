using Lethe.Proxy.Configuration;
using Lethe.Proxy.Exec;
using Lethe.Proxy.Forwarding;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>What a run tells before it starts: where the calls go, and where that was read.</summary>
public sealed class UpstreamRoutesTests
{
    [Fact]
    public void An_agent_at_its_vendor_is_told_so() =>
        Assert.Equal([new UpstreamRoute("anthropic", "https://api.anthropic.com", "its usual address")], Plan(World(), "claude").Routes);

    [Fact]
    public void An_address_is_told_with_the_file_or_the_variable_that_names_it()
    {
        var settings = World().With("/home/me/.claude/settings.json", """{"env":{"ANTHROPIC_BASE_URL":"https://gateway.example/llm"}}""");
        var profile = World().With("/home/me/.codex/config.toml", "[profiles.work]\nopenai_base_url = \"https://work.example/v1\"");

        Assert.Equal(new UpstreamRoute("anthropic", "https://gateway.example/llm", "ANTHROPIC_BASE_URL in ~/.claude/settings.json"), Assert.Single(Plan(settings, "claude").Routes));
        Assert.Equal(
            new UpstreamRoute("openai", "https://work.example/v1", "openai_base_url in profile work of ~/.codex/config.toml"),
            Plan(profile, "codex", "--profile", "work").Routes[0]);
        Assert.Equal(
            [new UpstreamRoute("openai", "https://team.example/v1", "OPENAI_BASE_URL of the environment")],
            Plan(World(("OPENAI_BASE_URL", "https://team.example/v1")), "python").Routes);
    }

    [Fact]
    public void An_upstream_that_lethe_is_configured_for_is_told_for_any_program()
    {
        var options = new LetheOptions { Upstreams = { ["anthropic"] = new UpstreamOptions { Address = "https://team.example" } } };

        var plan = Plan(World() with { Upstreams = Upstream.From(options) }, "python");

        Assert.Equal([new UpstreamRoute("anthropic", "https://team.example", "lethe's configuration")], plan.Routes);
    }

    [Fact]
    public void A_password_in_an_address_is_not_told()
    {
        var plan = Plan(World(("ANTHROPIC_BASE_URL", "https://me:secret@gateway.example/llm?key=secret")), "claude");

        Assert.Equal("https://gateway.example/llm", Assert.Single(plan.Routes).Address);
    }
}
