using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>Codex's TOML, in the ways in which people write it, in files and behind <c>-c</c>.</summary>
public sealed class CodexConfigTests
{
    [Theory]
    [InlineData("openai_base_url = \"https://x.example/v1\" # a comment")]
    [InlineData("openai_base_url = 'https://x.example/v1'")]
    [InlineData("\"openai_base_url\" = \"https:\\u002f/x.example/v1\"")]
    [InlineData("openai_base_url = \"\"\"https://x.example/v1\"\"\"")]
    [InlineData("note = '''\nopenai_base_url = \"https://not.example\"\n'''\nopenai_base_url = \"https://x.example/v1\"\n[[array]]\nopenai_base_url = \"https://not.example\"")]
    [InlineData("profiles = { work = { openai_base_url = \"https://x.example/v1\" } }\nprofile = \"work\"")]
    [InlineData("profile = \"work\"\n[ profiles . work ]\nopenai_base_url = \"https://x.example/v1\"")]
    [InlineData("profile = \"work\"\nprofiles.work.openai_base_url = \"https://x.example/v1\"")]
    public void An_address_is_found_however_it_is_written(string toml) =>
        Assert.Equal("https://x.example", Plan(World().With("/home/me/.codex/config.toml", toml), "codex").Upstreams["openai"].Address);

    [Theory]
    [InlineData("openai_base_url = \"https://x.example")]
    [InlineData("openai_base_url = 5")]
    [InlineData("openai_base_url = [\"https://x.example\"]")]
    [InlineData("[openai_base_url]\nx = 1")]
    [InlineData("model_providers = 3")]
    [InlineData("[other]\nopenai_base_url = \"https://x.example\"")]
    public void What_is_no_address_is_none(string toml) => Assert.Empty(Plan(World().With("/home/me/.codex/config.toml", toml), "codex").Upstreams);

    [Theory]
    [InlineData("openai_base_url=https://x.example/v1")]
    [InlineData("openai_base_url = https://x.example/v1")]
    [InlineData("openai_base_url=\"https://x.example/v1\"")]
    [InlineData("\"openai_base_url\"='https://x.example/v1'")]
    public void An_options_value_may_lack_its_quotes(string option)
    {
        var plan = Plan(World(), "codex", "-c", option);

        Assert.Equal("https://x.example", plan.Upstreams["openai"].Address);
        Assert.Equal(["-c", option, "-c", $"openai_base_url=\"{Door}/openai/v1\""], plan.Arguments);
    }

    [Fact]
    public void A_profile_of_its_own_file_outranks_the_configuration()
    {
        var world = World()
            .With("/home/me/.codex/config.toml", "openai_base_url = \"https://file.example/v1\"")
            .With("/home/me/.codex/work.config.toml", "openai_base_url = \"https://work.example/v1\"");

        Assert.Equal("https://work.example", Plan(world, "codex", "--profile", "work").Upstreams["openai"].Address);
    }

    [Fact]
    public void A_providers_name_is_quoted_where_TOML_wants_it()
    {
        var plan = Plan(World().With("/home/me/.codex/config.toml", "model_provider = \"my.gate\"\n[model_providers.\"my.gate\"]\nbase_url = \"https://gate.example/v1\"\n"), "codex");

        Assert.Equal(["-c", $"model_providers.\"my.gate\".base_url=\"{Door}/my-gate/v1\""], plan.Arguments);
    }
}
