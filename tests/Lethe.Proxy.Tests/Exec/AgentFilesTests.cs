using System.Text.Json.Nodes;
using static Lethe.Proxy.Tests.Exec.ExecWorld;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>The files in which Gemini CLI and opencode look for a base URL, in their order.</summary>
public sealed class AgentFilesTests
{
    [Theory]
    [InlineData("/home/me/code/.gemini/.env")]
    [InlineData("/home/me/code/.env")]
    [InlineData("/home/me/.gemini/.env")]
    [InlineData("/home/me/.env")]
    [InlineData("/.env")]
    public void The_gateway_in_the_first_of_Gemini_CLIs_env_files_stays_the_upstream(string first)
    {
        string[] order = ["/home/me/code/.gemini/.env", "/home/me/code/.env", "/home/me/.gemini/.env", "/home/me/.env", "/home/.gemini/.env", "/home/.env", "/.gemini/.env", "/.env"];
        var world = order.SkipWhile(file => file != first).Aggregate(
            World().With("/home/me/.gemini/trustedFolders.json", """{"/home/me/code":"TRUST_FOLDER"}"""), (world, file) => world.With(file, $"# mine\nexport GOOGLE_GEMINI_BASE_URL=\"https://{(file == first ? "first" : "later")}.example/x\" # the company's\n"));

        var plan = Plan(world, "gemini");

        Assert.Equal("https://first.example", plan.Upstreams["gemini"].Address);
        Assert.Equal(Door + "/gemini/x", plan.Environment["GOOGLE_GEMINI_BASE_URL"]);
    }

    [Fact]
    public void Gemini_CLIs_env_file_at_home_is_found_from_elsewhere_and_gives_way_to_the_environment()
    {
        var world = World(("CODE_ASSIST_ENDPOINT", "https://set.example")) with { WorkingDirectory = "/srv/code" };
        world = world.With("/home/me/.gemini/.env", "GOOGLE_GENAI_USE_VERTEXAI='true'\nGOOGLE_CLOUD_LOCATION=europe-west1 # near\nCODE_ASSIST_ENDPOINT=https://file.example\n");

        var plan = Plan(world, "gemini");
        var other = Plan(world, "python");

        Assert.Equal(Door + "/vertex", plan.Environment["GOOGLE_VERTEX_BASE_URL"]);
        Assert.Equal("https://europe-west1-aiplatform.googleapis.com", plan.Upstreams["vertex"].Address);
        Assert.Equal("https://set.example", plan.Upstreams["code-assist"].Address);
        Assert.Empty(other.Upstreams);
    }

    [Theory]
    [InlineData("/named/opencode.json")]
    [InlineData("/home/me/.opencode/opencode.json")]
    [InlineData("/home/me/opencode.json")]
    [InlineData("/own.json")]
    [InlineData("/home/me/.config/opencode/opencode.jsonc")]
    [InlineData("/home/me/.config/opencode/opencode.json")]
    public void The_gateway_in_the_last_of_opencodes_files_stays_the_upstream(string strongest)
    {
        string[] order =
        [
            "/named/opencode.json", "/home/me/.opencode/opencode.json", "/home/me/opencode.json", "/own.json",
            "/home/me/.config/opencode/opencode.jsonc", "/home/me/.config/opencode/opencode.json",
        ];
        var world = order.SkipWhile(file => file != strongest).Aggregate(
            World(("OPENCODE_CONFIG", "/own.json"), ("OPENCODE_CONFIG_DIR", "/named")),
            (world, file) => world.With(file, "{\"provider\":{\"openai\":{\"options\":{\"baseURL\":\"https://" + (file == strongest ? "strongest" : "weaker") + ".example/v1\"}}}}"));

        var plan = Plan(world, "opencode");

        Assert.Equal("https://strongest.example", plan.Upstreams["openai"].Address);
        var ours = JsonNode.Parse(plan.Environment["OPENCODE_CONFIG_CONTENT"]!)!["provider"]!["openai"]!["options"]!["baseURL"];
        Assert.Equal(Door + "/openai/v1", (string?)ours);
    }
}
