using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Exec;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

public sealed class ExecPlanTests
{
    [Fact]
    public void Any_command_finds_the_base_addresses_of_the_SDKs_in_its_environment()
    {
        var plan = Plan(World(), "python", "agent.py", "--flag");

        Assert.Equal(("python", "agent.py --flag"), (plan.Program, string.Join(' ', plan.Arguments)));
        Assert.Equal(Door + "/anthropic", plan.Environment["ANTHROPIC_BASE_URL"]);
        Assert.Equal(Door + "/openai/v1", plan.Environment["OPENAI_BASE_URL"]);
        Assert.Equal(Door + "/gemini", plan.Environment["GOOGLE_GEMINI_BASE_URL"]);
        Assert.Equal(Door + "/ollama", plan.Environment["OLLAMA_HOST"]);
        Assert.Equal(Door + "/grok/v1", plan.Environment["GROK_CLI_CHAT_PROXY_BASE_URL"]);
        Assert.Equal(Door + "/kimi/coding/v1", plan.Environment["KIMI_CODE_BASE_URL"]);
        Assert.Equal(Door, plan.Environment["LETHE_DOOR"]);
        Assert.False(plan.Environment.ContainsKey("AZURE_OPENAI_ENDPOINT"));
        Assert.Empty(plan.Upstreams);
        Assert.Empty(plan.Notes);
    }

    [Fact]
    public void The_gateway_that_the_environment_names_stays_the_upstream()
    {
        var plan = Plan(World(
            ("ANTHROPIC_BASE_URL", "https://gateway.example/llm/anthropic/"),
            ("OPENAI_API_BASE", "http://localhost:8000/v1"),
            ("AZURE_OPENAI_ENDPOINT", "https://team.openai.azure.com"),
            ("OLLAMA_HOST", "gpu.example:11434")), "python");

        Assert.Equal(Door + "/anthropic/llm/anthropic", plan.Environment["ANTHROPIC_BASE_URL"]);
        Assert.Equal("https://gateway.example", plan.Upstreams["anthropic"].Address);
        Assert.Equal(Door + "/openai/v1", plan.Environment["OPENAI_API_BASE"]);
        Assert.Equal(Door + "/openai/v1", plan.Environment["OPENAI_BASE_URL"]);
        Assert.Equal("http://localhost:8000", plan.Upstreams["openai"].Address);
        Assert.Equal("https://team.openai.azure.com", plan.Upstreams["azure"].Address);
        Assert.Equal("http://gpu.example:11434", plan.Upstreams["ollama"].Address);
    }

    [Theory]
    [InlineData("https://api.anthropic.com", "/anthropic")]
    [InlineData("https://openrouter.ai/api", "/openrouter/api")]
    [InlineData("http://127.0.0.1:4141/anthropic", "/anthropic")]
    [InlineData("http://localhost:4141/anthropic", "/anthropic")]
    [InlineData("http://127.0.0.1:50123/anthropic", "/anthropic")]
    [InlineData("not an address", "/anthropic")]
    public void A_vendor_that_lethe_knows_and_lethe_itself_need_no_upstream(string found, string expected)
    {
        var plan = Plan(World(("ANTHROPIC_BASE_URL", found)) with { Doors = ["http://127.0.0.1:4141", "http://127.0.0.1:50123"] }, "python");

        Assert.Equal(Door + expected, plan.Environment["ANTHROPIC_BASE_URL"]);
        Assert.Empty(plan.Upstreams);
    }

    [Fact]
    public void A_company_proxy_does_not_catch_the_way_to_lethe()
    {
        var plan = Plan(World(("NO_PROXY", "intern.example, localhost")), "python");

        Assert.Equal("intern.example,localhost,127.0.0.1,::1", plan.Environment["NO_PROXY"]);
        Assert.Equal("intern.example,localhost,127.0.0.1,::1", plan.Environment["no_proxy"]);
    }

    [Theory]
    [InlineData("gpu.example", "http://gpu.example:11434")]
    [InlineData("gpu.example:8080", "http://gpu.example:8080")]
    [InlineData("http://gpu.example", "http://gpu.example")]
    public void An_Ollama_host_means_what_its_client_makes_of_it(string host, string upstream) =>
        Assert.Equal(new UpstreamChoice(upstream, null), Plan(World(("OLLAMA_HOST", host)), "python").Upstreams["ollama"]);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("localhost:11434")]
    public void An_Ollama_host_that_is_this_machine_is_the_upstream_as_it_is(string host) =>
        Assert.Empty(Plan(World(("OLLAMA_HOST", host)), "python").Upstreams);

    [Fact]
    public void What_opencodes_configuration_only_points_at_is_looked_up_and_what_makes_no_sense_is_left_alone()
    {
        var world = World(("MY_GATEWAY", "https://gateway.example"), ("OPENCODE_CONFIG_CONTENT",
            "{\"provider\":{\"anthropic\":{\"options\":{\"baseURL\":\"{env:MY_GATEWAY}/v1\"}},\"ollama\":{\"options\":{\"baseURL\":\"http://gpu.example:11434/v1\"}},\"lost\":{\"options\":{\"baseURL\":\"{env:NOWHERE}/v1\"}}}}"));

        var plan = Plan(world, "opencode");

        var providers = JsonNode.Parse(plan.Environment["OPENCODE_CONFIG_CONTENT"]!)!["provider"]!;
        Assert.Equal(Door + "/anthropic/v1", (string?)providers["anthropic"]!["options"]!["baseURL"]);
        Assert.Equal("{env:NOWHERE}/v1", (string?)providers["lost"]!["options"]!["baseURL"]);
        Assert.Equal("https://gateway.example", plan.Upstreams["anthropic"].Address);
        Assert.Equal(new UpstreamChoice("http://gpu.example:11434", null), plan.Upstreams["ollama"]);
        Assert.Contains("lost", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Claude_Code_is_told_by_its_settings_too_since_they_win_over_the_environment()
    {
        var plan = Plan(World(("CLAUDECODE", "1"), ("CLAUDE_CODE_SSE_PORT", "3")), "/usr/bin/claude", "-p", "say hi", "--", "--settings");

        Assert.Equal("--settings", plan.Arguments[0]);
        Assert.Equal(["-p", "say hi", "--", "--settings"], plan.Arguments.Skip(2));
        var env = JsonDocument.Parse(plan.Arguments[1]).RootElement.GetProperty("env");
        Assert.Equal(Door + "/anthropic", env.GetProperty("ANTHROPIC_BASE_URL").GetString());
        Assert.Equal("1", env.GetProperty("CLAUDE_CODE_GATEWAY_HINT_HEADERS").GetString());
        Assert.Null(plan.Environment["CLAUDECODE"]);
        Assert.Null(plan.Environment["CLAUDE_CODE_SSE_PORT"]);
    }

    [Theory]
    [InlineData("/home/me/code/.claude/settings.local.json", "local")]
    [InlineData("/home/me/code/.claude/settings.json", "project")]
    [InlineData("/home/me/.claude/settings.json", "user")]
    public void The_gateway_in_Claude_Codes_settings_stays_the_upstream(string present, string expected)
    {
        string[] files = ["/home/me/code/.claude/settings.local.json", "/home/me/code/.claude/settings.json", "/home/me/.claude/settings.json"];
        string[] names = ["local", "project", "user"];
        var world = World(("ANTHROPIC_BASE_URL", "https://environment.example")).With("/home/me/.claude.json", TrustedByClaude("/home/me/code"));
        foreach (var (file, name) in files.Zip(names).SkipWhile(pair => pair.First != present))
        {
            world = world.With(file, "{ // the company's\n \"env\": { \"ANTHROPIC_BASE_URL\": \"https://" + name + ".example/x\", }, }");
        }

        var plan = Plan(world, "claude");

        Assert.Equal($"https://{expected}.example", plan.Upstreams["anthropic"].Address);
        Assert.Equal(Door + "/anthropic/x", plan.Environment["ANTHROPIC_BASE_URL"]);
    }

    [Fact]
    public void The_users_own_settings_option_is_left_alone_and_said_when_it_leads_past_us()
    {
        var inline = Plan(World(), "claude", "--settings", "{\"model\":\"opus\"}");
        var past = Plan(World(), "claude", "--settings={\"env\":{\"ANTHROPIC_BASE_URL\":\"https://gateway.example\"}}");

        Assert.Equal(["--settings", "{\"model\":\"opus\"}"], inline.Arguments);
        Assert.Empty(inline.Notes);
        Assert.Single(past.Arguments);
        Assert.Contains("not recorded", Assert.Single(past.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Claude_Code_on_a_cloud_goes_through_where_the_host_is_not_signed()
    {
        var vertex = Plan(World(("CLAUDE_CODE_USE_VERTEX", "1"), ("CLOUD_ML_REGION", "us-east5")), "claude");
        var native = Plan(World(("CLAUDE_CODE_USE_BEDROCK", "1"), ("ANTHROPIC_BEDROCK_BASE_URL", "https://bedrock-runtime.us-east-1.amazonaws.com")), "claude");
        var gateway = Plan(World(("CLAUDE_CODE_USE_BEDROCK", "1"), ("ANTHROPIC_BEDROCK_BASE_URL", "https://gateway.example/bedrock")), "claude");

        Assert.Equal(Door + "/vertex/v1", vertex.Environment["ANTHROPIC_VERTEX_BASE_URL"]);
        Assert.Equal("https://us-east5-aiplatform.googleapis.com", vertex.Upstreams["vertex"].Address);
        Assert.False(native.Environment.ContainsKey("ANTHROPIC_BEDROCK_BASE_URL"));
        Assert.Single(native.Notes);
        Assert.Equal(Door + "/bedrock/bedrock", gateway.Environment["ANTHROPIC_BEDROCK_BASE_URL"]);
    }

    [Fact]
    public void Codex_is_pointed_by_an_option_to_the_API_of_its_login()
    {
        var key = Plan(World(), "codex", "exec", "say hi");
        var login = Plan(World().With("/home/me/.codex/auth.json", "{\"auth_mode\":\"chatgpt\",\"tokens\":{}}"), "codex");
        var older = Plan(World().With("/home/me/.codex/auth.json", "{\"OPENAI_API_KEY\":null,\"tokens\":{\"id_token\":\"x\"}}"), "codex");

        Assert.Equal(["-c", $"openai_base_url=\"{Door}/openai/v1\"", "exec", "say hi"], key.Arguments);
        Assert.Equal(["-c", $"openai_base_url=\"{Door}/chatgpt\""], login.Arguments);
        Assert.Equal(login.Arguments, older.Arguments);
    }

    [Theory]
    [InlineData("", "https://file.example", "/openai/v1")]
    [InlineData("--profile work", "https://profile.example", "/openai/v1")]
    [InlineData("-c openai_base_url=https://option.example/v2 exec", "https://option.example", "/openai/v2")]
    public void Codexs_gateway_is_looked_for_in_options_profile_and_file(string options, string upstream, string path)
    {
        var world = World().With("/home/me/.codex/config.toml", """
            # mine
            openai_base_url = "https://file.example/v1" # the company's
            [profiles.work]
            openai_base_url = 'https://profile.example/v1'
            """);

        var plan = Plan(world, ["codex", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(upstream, plan.Upstreams["openai"].Address);
        var ours = plan.Arguments.ToList().IndexOf($"openai_base_url=\"{Door}{path}\"");
        Assert.Equal("-c", plan.Arguments[ours - 1]);
        Assert.Equal(options, string.Join(' ', plan.Arguments.Where((_, at) => at != ours && at != ours - 1)));
        Assert.True(options.Length == 0 || plan.Arguments[0] == "-c");
    }

    [Fact]
    public void Codexs_own_provider_keeps_its_place()
    {
        var world = World(("CODEX_HOME", "/codex")).With("/codex/config.toml", """
            model_provider = "my.gate"
            [model_providers."other"]
            base_url = "https://other.example/v1"
            """ + "\n[model_providers.corp]\nname = \"Corp\"\nbase_url = \"https://corp.example/llm/v1\"\n");

        var plan = Plan(world, "codex", "-c", "model_provider=corp", "exec");
        var unknown = Plan(world, "codex");

        Assert.Equal(["-c", $"model_providers.corp.base_url=\"{Door}/corp/llm/v1\"", "-c", "model_provider=corp", "exec"], plan.Arguments);
        Assert.Equal(new UpstreamChoice("https://corp.example", "openai"), plan.Upstreams["corp"]);
        Assert.Contains("my.gate", Assert.Single(unknown.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Opencode_gets_its_providers_by_the_variable_that_outranks_its_files()
    {
        var world = World(("OPENAI_API_KEY", "x"), ("OPENCODE_CONFIG_CONTENT", "{\"theme\":\"dark\",\"provider\":{\"openai\":{\"options\":{\"timeout\":5}}}}"));
        world = world.With("/home/me/.config/opencode/opencode.json", "{\"provider\":{\"anthropic\":{\"options\":{\"baseURL\":\"https://gateway.example/v1\"}}}}");
        world = world.With("/home/me/.opencode/opencode.jsonc", "{ /* here */ \"provider\":{\"corp\":{\"npm\":\"@ai-sdk/openai-compatible\",\"options\":{\"baseURL\":\"https://corp.example/v1\"}}}}");

        var plan = Plan(world, "opencode", "run", "hi");

        var config = JsonNode.Parse(plan.Environment["OPENCODE_CONFIG_CONTENT"]!)!;
        Assert.Equal("dark", (string?)config["theme"]);
        Assert.Equal(Door + "/openai/v1", (string?)config["provider"]!["openai"]!["options"]!["baseURL"]);
        Assert.Equal(5, (int?)config["provider"]!["openai"]!["options"]!["timeout"]);
        Assert.Equal(Door + "/anthropic/v1", (string?)config["provider"]!["anthropic"]!["options"]!["baseURL"]);
        Assert.Equal(Door + "/corp/v1", (string?)config["provider"]!["corp"]!["options"]!["baseURL"]);
        Assert.Null(config["provider"]!["google"]);
        Assert.Equal("https://gateway.example", plan.Upstreams["anthropic"].Address);
        Assert.Equal(new UpstreamChoice("https://corp.example", "openai"), plan.Upstreams["corp"]);
        Assert.Equal(["run", "hi"], plan.Arguments);
    }

    [Fact]
    public void Gemini_is_pointed_on_each_of_its_ways()
    {
        var plan = Plan(World(("GOOGLE_GENAI_USE_VERTEXAI", "true"), ("GOOGLE_CLOUD_LOCATION", "global")), "gemini");

        Assert.Equal(Door + "/gemini", plan.Environment["GOOGLE_GEMINI_BASE_URL"]);
        Assert.Equal(Door + "/code-assist", plan.Environment["CODE_ASSIST_ENDPOINT"]);
        Assert.Equal(Door + "/vertex", plan.Environment["GOOGLE_VERTEX_BASE_URL"]);
        Assert.Empty(plan.Upstreams);
    }
}
