using System.Text.Json;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>The base addresses that Kimi, DeepSeek Harness and CodeBuddy keep themselves.</summary>
public sealed class StoredAddressTests
{
    private const string KimiCode = """
        default_model = "kimi-code/k3"
        [providers."managed:kimi-code"]
        type = "kimi"
        base_url = "https://kimi.team.example/coding/v1"
        [providers.corp]
        type = "openai"
        base_url = "https://corp.example/v1"
        [models."kimi-code/k3"]
        provider = "managed:kimi-code"
        [models.own]
        provider = "corp"
        """;

    [Theory]
    [InlineData("/home/me/.kimi-code/config.toml", "")]
    [InlineData("/moved/config.toml", "/moved")]
    public void Kimi_Codes_own_provider_keeps_its_address(string file, string home)
    {
        var plan = Plan(World(("KIMI_CODE_HOME", home)).With(file, KimiCode), "kimi");

        Assert.Equal("https://kimi.team.example", plan.Upstreams["kimi"].Address);
        Assert.Equal(Door + "/kimi/coding/v1", plan.Environment["KIMI_CODE_BASE_URL"]);
        Assert.Contains("kimi may prefer to the environment", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Kimi_Codes_other_providers_cannot_be_led_and_that_is_told()
    {
        var plan = Plan(World().With("/home/me/.kimi-code/config.toml", KimiCode), "kimi", "--model", "own");

        Assert.Empty(plan.Upstreams);
        Assert.Contains("provider corp in ~/.kimi-code/config.toml names https://corp.example/v1", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kimi", "KIMI_BASE_URL", "/kimi/v1", "kimi")]
    [InlineData("openai_legacy", "OPENAI_BASE_URL", "/corp/v1", "corp")]
    public void The_older_Kimi_CLI_is_led_by_the_variable_of_its_providers_type(string type, string variable, string path, string upstream)
    {
        var plan = Plan(World().With("/home/me/.kimi/config.toml", OlderKimi(type)), "kimi");

        Assert.Equal("https://corp.example", plan.Upstreams[upstream].Address);
        Assert.Equal(Door + path, plan.Environment[variable]);
        Assert.Empty(plan.Notes);
    }

    [Fact]
    public void A_type_without_a_variable_is_told()
    {
        var plan = Plan(World().With("/home/me/code/own.toml", OlderKimi("anthropic")), "kimi", "--config-file", "own.toml");

        Assert.Contains("provider corp in ~/code/own.toml", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("    baseURL: https://corp.example/v1")]
    [InlineData("  - baseURL: \"https://corp.example/v1\" # ours")]
    public void DeepSeek_Harness_has_addresses_that_outrank_its_variable_and_that_is_told(string line)
    {
        var plan = Plan(World().With("/home/me/.dsh/settings.yaml", "llm:\n" + line + "\n" + line + "\n# baseURL: https://not.example\n"), "dsh");

        Assert.Equal(Door + "/deepseek", plan.Environment["DEEPSEEK_BASE_URL"]);
        Assert.Contains("~/.dsh/settings.yaml names https://corp.example/v1", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void CodeBuddy_goes_where_its_login_said()
    {
        var plan = Plan(World().With("/home/me/.codebuddy/local_storage/entry_933d5543e80177622c17a73869c0fad7.info", "\"https://tenant.example/\""), "codebuddy", "-p", "hi");

        Assert.Equal("https://tenant.example", plan.Upstreams["codebuddy"].Address);
        Assert.Equal(Door + "/codebuddy/v2", plan.Environment["CODEBUDDY_BASE_URL"]);
        Assert.Equal("the login of codebuddy", plan.Routes[0].Source);
        Assert.Equal(Door + "/codebuddy/v2", JsonDocument.Parse(plan.Arguments[1]).RootElement.GetProperty("env").GetProperty("CODEBUDDY_BASE_URL").GetString());
        Assert.Equal(["-p", "hi"], plan.Arguments.Skip(2));
    }

    [Fact]
    public void CodeBuddys_settings_and_the_environment_outrank_its_login()
    {
        var world = World(("CODEBUDDY_CONFIG_DIR", "/buddy"))
            .With("/buddy/local_storage/entry_933d5543e80177622c17a73869c0fad7.info", "\"https://tenant.example\"")
            .With("/buddy/settings.json", """{"env":{"CODEBUDDY_BASE_URL":"https://settings.example/v2"}}""");

        Assert.Equal("https://settings.example", Plan(world, "codebuddy").Upstreams["codebuddy"].Address);
        Assert.Empty(Plan(World().With("/home/me/.codebuddy/local_storage/entry_933d5543e80177622c17a73869c0fad7.info", "{broken"), "codebuddy").Upstreams);
    }

    private static string OlderKimi(string type) =>
        $"default_model = \"m\"\n[models.m]\nprovider = \"corp\"\n[providers.corp]\ntype = \"{type}\"\nbase_url = \"https://corp.example/v1\"\n";
}
