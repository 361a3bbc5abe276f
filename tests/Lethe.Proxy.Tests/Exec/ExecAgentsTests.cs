using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>Every agent that can be pointed here by a base URL, and what points it.</summary>
public sealed class ExecAgentsTests
{
    private const string Arguments = "";

    [Theory]
    [InlineData("claude", "ANTHROPIC_BASE_URL", "/anthropic")]
    [InlineData("claude", Arguments, "\"ANTHROPIC_BASE_URL\":\"" + Door + "/anthropic\"")]
    [InlineData("codex", Arguments, "openai_base_url=\"" + Door + "/openai/v1\"")]
    [InlineData("gemini", "GOOGLE_GEMINI_BASE_URL", "/gemini")]
    [InlineData("gemini", "CODE_ASSIST_ENDPOINT", "/code-assist")]
    [InlineData("opencode", "OPENCODE_CONFIG_CONTENT", "\"anthropic\":{\"options\":{\"baseURL\":\"" + Door + "/anthropic/v1\"")]
    [InlineData("mimo", "MIMOCODE_CONFIG_CONTENT", "\"openai\":{\"options\":{\"baseURL\":\"" + Door + "/openai/v1\"")]
    [InlineData("mimo", "MIMOCODE_MIMO_ONLY", "false")]
    [InlineData("grok", "GROK_CLI_CHAT_PROXY_BASE_URL", "/grok/v1")]
    [InlineData("dsh", "DEEPSEEK_BASE_URL", "/deepseek")]
    [InlineData("kimi", "KIMI_BASE_URL", "/kimi/coding/v1")]
    [InlineData("kimi", "KIMI_CODE_BASE_URL", "/kimi/coding/v1")]
    [InlineData("codebuddy", "CODEBUDDY_BASE_URL", "/codebuddy/v2")]
    [InlineData("agy", "CLOUD_CODE_URL", "/antigravity")]
    [InlineData("openclaw", "OPENAI_BASE_URL", "/openai/v1")]
    [InlineData("hermes", "OPENROUTER_BASE_URL", "/openrouter/api/v1")]
    [InlineData("pi", "OPENAI_BASE_URL", "/openai/v1")]
    [InlineData("pi", "ANTHROPIC_BASE_URL", "/anthropic")]
    [InlineData("pi", "GOOGLE_GEMINI_BASE_URL", "/gemini")]
    public void An_agent_is_pointed_here_by_what_it_reads(string agent, string place, string told)
    {
        var plan = Plan(World(), agent);

        var words = place == Arguments ? string.Join(' ', plan.Arguments) : plan.Environment[place]!;
        if (told.StartsWith('/'))
        {
            Assert.Equal(Door + told, words);
        }
        else
        {
            Assert.Contains(told, words, StringComparison.Ordinal);
        }
    }
}
