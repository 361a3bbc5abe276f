using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Admin;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Page;

/// <summary>What was said is found: by programs, on the page, and in the terminal.</summary>
public sealed class SearchTests : IAsyncLifetime
{
    private RecordedConversation conversation = null!;

    public async Task InitializeAsync()
    {
        conversation = await RecordedConversation.StartAsync();
        await UntilIndexedAsync();
    }

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task A_program_finds_what_was_said_with_its_turn_and_what_stands_around_it()
    {
        var found = await conversation.GetAsync("/v1/search?q=third");
        var item = Assert.Single(found.GetProperty("items").EnumerateArray());
        Assert.Equal(("user", "said", 2), (item.GetProperty("role").GetString(), item.GetProperty("in").GetString(), item.GetProperty("turn").GetInt32()));
        Assert.Equal("""[{"text":"third","is_hit":true}]""", item.GetProperty("snippet").GetRawText());
        Assert.Equal(RecordedConversation.MainSession, item.GetProperty("harness_session_id").GetString());

        var tools = await conversation.GetAsync("/v1/search?q=toolu_1&in=tools");
        Assert.NotEmpty(tools.GetProperty("items").EnumerateArray());
        Assert.All(tools.GetProperty("items").EnumerateArray(), one => Assert.Equal("Bash", one.GetProperty("tool").GetString()));
        Assert.Empty((await conversation.GetAsync("/v1/search?q=toolu_1&in=system,errors")).GetProperty("items").EnumerateArray());
        Assert.Empty((await conversation.GetAsync("/v1/search?q=third&harness=codex")).GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("", "invalid_query", "q: at character 1: fewer than 3 letters.")]
    [InlineData("q=say+%22open", "invalid_query", "q: at character 5: this quote is never closed.")]
    [InlineData("q=third&in=everywhere", "invalid_parameter", "in: 'everywhere' is none of said, tools, system, errors.")]
    [InlineData("q=third&cursor=x", "invalid_parameter", "cursor: not one that this list gave.")]
    [InlineData("q=third&session=x", "invalid_parameter", "session: 'x' is no session id.")]
    public async Task What_is_no_search_is_refused_with_its_place(string query, string code, string detail)
    {
        using var answer = await conversation.Admin.GetAsync("/v1/search?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((code, detail), (problem.GetProperty("code").GetString(), problem.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task The_page_shows_what_was_found_and_says_what_is_no_query()
    {
        var html = await conversation.Admin.GetStringAsync("/search?q=third");
        Assert.Contains("<mark><bdi class=\"cap\">third</bdi></mark>", html, StringComparison.Ordinal);
        Assert.Contains("#turn-2\">turn 2</a>", html, StringComparison.Ordinal);
        Assert.Contains("It was said nowhere.", await conversation.Admin.GetStringAsync("/search?q=nowhere-at-all"), StringComparison.Ordinal);

        using var answer = await conversation.Admin.GetAsync("/search?q=say+%22open");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("at character 5: this quote is never closed.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_terminal_finds_it_and_exits_1_where_it_was_said_nowhere()
    {
        var (code, output, _) = await LetheAsync("search", "third");
        Assert.Equal(0, code);
        Assert.Contains("turn 2  user", output, StringComparison.Ordinal);
        Assert.Contains("\n  third\n", output, StringComparison.Ordinal);
        var (_, json, _) = await LetheAsync("search", "third", "--json", "--session", RecordedConversation.MainSession);
        Assert.Equal(2, JsonDocument.Parse(json).RootElement.GetProperty("items")[0].GetProperty("turn").GetInt32());

        Assert.Equal((1, "It was said nowhere.\n"), Told(await LetheAsync("search", "nowhere-at-all")));
        var (usage, _, error) = await LetheAsync("search", "\"open");
        Assert.Equal(2, usage);
        Assert.Contains("at character 1: this quote is never closed.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_index_is_made_anew_beside_a_running_lethe()
    {
        Assert.Equal(0, (await LetheAsync("reindex")).ExitCode);
        await UntilIndexedAsync();
        Assert.Single((await conversation.GetAsync("/v1/search?q=third")).GetProperty("items").EnumerateArray());
        Assert.Contains("never run: lethe verify", await conversation.Admin.GetStringAsync("/health"), StringComparison.Ordinal);
        Assert.Equal(0, (await LetheAsync("verify")).ExitCode);
        // And Health tells when that was, and what came of it.
        Assert.Equal(0, (await conversation.GetAsync("/v1/health")).GetProperty("last_verify").GetProperty("faults").GetInt32());
        Assert.Matches(@"last verify</dt><dd[^>]*>[-0-9]+ [0-9:]+ UTC: fine", await conversation.Admin.GetStringAsync("/health"));
    }

    private static (int, string) Told((int ExitCode, string Output, string Error) ended) => (ended.ExitCode, ended.Output);

    private Task<(int ExitCode, string Output, string Error)> LetheAsync(params string[] args) => LetheProgram.RunAsync([.. args, "--data", conversation.Lethe.DataDirectory]);

    private async Task UntilIndexedAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await conversation.GetAsync("/v1/search?q=third")) is var found && (found.GetProperty("behind").GetInt64() > 0 || found.GetProperty("items").GetArrayLength() == 0))
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }
}
