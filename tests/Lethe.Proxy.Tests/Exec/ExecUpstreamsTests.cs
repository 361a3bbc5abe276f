using System.Text.Json.Nodes;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>Every address leads to where it led before, whoever else names the same vendor, and whether a lethe runs or not.</summary>
public sealed class ExecUpstreamsTests
{
    [Fact]
    public void Two_places_of_one_vendor_are_two_upstreams()
    {
        var world = World(("OPENAI_BASE_URL", "https://team.example/v1"), ("OPENAI_API_BASE", "http://localhost:8000/v1")).With(
            "/home/me/.codex/config.toml", "openai_base_url = \"https://gateway.example/llm/v1\"");

        var plan = Plan(world, "codex");

        Assert.Equal($"openai_base_url=\"{Door}/openai/llm/v1\"", plan.Arguments[1]);
        Assert.Equal("https://gateway.example", plan.Upstreams["openai"].Address);
        Assert.Equal(Door + "/openai-team-example/v1", plan.Environment["OPENAI_BASE_URL"]);
        Assert.Equal(new("https://team.example", "openai"), plan.Upstreams["openai-team-example"]);
        Assert.Equal(Door + "/openai-localhost-8000/v1", plan.Environment["OPENAI_API_BASE"]);
    }

    [Fact]
    public void A_gateway_of_the_agents_own_does_not_catch_what_its_children_send_to_the_vendor()
    {
        var world = World().With("/home/me/.codex/config.toml", "openai_base_url = \"https://gateway.example/v1\"");

        var plan = Plan(world, "codex");

        Assert.Equal(Door + "/openai-api-openai-com/v1", plan.Environment["OPENAI_BASE_URL"]);
        Assert.Equal(new("https://api.openai.com", "openai"), plan.Upstreams["openai-api-openai-com"]);
    }

    [Fact]
    public void The_vendor_itself_stays_the_upstream_of_who_names_it()
    {
        var plan = Plan(World(("OPENAI_BASE_URL", "https://gateway.example/v1")), "codex", "-c", "openai_base_url=https://api.openai.com/v1");

        Assert.Equal($"openai_base_url=\"{Door}/openai/v1\"", plan.Arguments[3]);
        Assert.Equal(Door + "/openai-gateway-example/v1", plan.Environment["OPENAI_BASE_URL"]);
        Assert.False(plan.Upstreams.ContainsKey("openai"));
    }

    [Fact]
    public void What_the_agent_does_not_use_goes_its_own_way_where_a_running_lethe_does_not_lead()
    {
        var world = World(("OPENAI_BASE_URL", "https://gateway.example/v1"), ("OLLAMA_HOST", "127.0.0.1")) with { IsRunning = true };

        var claude = Plan(world, "claude");
        var unknown = Plan(world, "python");

        Assert.Empty(claude.Upstreams);
        Assert.False(claude.Environment.ContainsKey("OPENAI_BASE_URL"));
        Assert.False(claude.Environment.ContainsKey("OPENAI_API_BASE"));
        Assert.Equal(Door + "/ollama", claude.Environment["OLLAMA_HOST"]);
        Assert.Contains("OPENAI_BASE_URL names https://gateway.example/v1", Assert.Single(claude.Notes), StringComparison.Ordinal);
        Assert.Equal("https://gateway.example", unknown.Upstreams["openai"].Address);
        Assert.Empty(unknown.Notes);
    }

    [Theory]
    [InlineData("claude", "ANTHROPIC_BASE_URL", "anthropic")]
    [InlineData("codex", "OPENAI_BASE_URL", "openai")]
    [InlineData("gemini", "GOOGLE_GEMINI_BASE_URL", "gemini")]
    [InlineData("grok", "GROK_CLI_CHAT_PROXY_BASE_URL", "grok")]
    [InlineData("dsh", "DEEPSEEK_BASE_URL", "deepseek")]
    [InlineData("kimi", "KIMI_CODE_BASE_URL", "kimi")]
    [InlineData("codebuddy", "CODEBUDDY_BASE_URL", "codebuddy")]
    public void What_the_agent_uses_is_needed_of_a_running_lethe_too(string agent, string variable, string upstream)
    {
        var world = World((variable, "https://gateway.example/v1")) with { IsRunning = true };

        Assert.Equal("https://gateway.example", Plan(world, agent).Upstreams[upstream].Address);
    }

    [Theory]
    [InlineData("agy", "CLOUD_CODE_URL", "/antigravity")]
    [InlineData("codebuddy", "CODEBUDDY_BASE_URL", "/codebuddy/v2")]
    public void An_agent_at_its_own_vendors_needs_nothing_of_a_running_lethe(string agent, string variable, string path)
    {
        var plan = Plan(World() with { IsRunning = true }, agent);

        Assert.Equal(Door + path, plan.Environment[variable]);
        Assert.Empty(plan.Upstreams);
    }

    [Fact]
    public void Opencode_keeps_the_gateway_of_the_variable_that_it_reads_itself()
    {
        var plan = Plan(World(("ANTHROPIC_BASE_URL", "https://gateway.example/llm/v1"), ("ANTHROPIC_API_KEY", "x")), "opencode");

        var providers = JsonNode.Parse(plan.Environment["OPENCODE_CONFIG_CONTENT"]!)!["provider"]!;
        Assert.Equal(Door + "/anthropic/llm/v1", (string?)providers["anthropic"]!["options"]!["baseURL"]);
        Assert.Equal("https://gateway.example", plan.Upstreams["anthropic"].Address);
    }

    [Theory]
    [InlineData("gpu.example:80", "http://gpu.example")]
    [InlineData("http://gpu.example:80", "http://gpu.example")]
    [InlineData("gpu.example/a:80", "http://gpu.example:11434")]
    [InlineData("[fd00::80]", "http://[fd00::80]:11434")]
    public void An_Ollama_host_that_names_port_80_means_it(string host, string upstream) =>
        Assert.Equal(upstream, Plan(World(("OLLAMA_HOST", host)), "python").Upstreams["ollama"].Address);
}
