using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Admin;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Page;

/// <summary>What calls cost is told to programs, on the page, and in the terminal, the same everywhere and as the sessions add up to.</summary>
public sealed class CostsTests : IAsyncLifetime
{
    private RecordedConversation conversation = null!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Figures_are_what_the_sessions_add_up_to()
    {
        var sessions = (await conversation.GetAsync("/v1/sessions")).GetProperty("items").EnumerateArray().Select(session => session.GetProperty("counters")).ToList();
        foreach (var by in (string[])["day", "model", "harness", "project", "agent", "kind"])
        {
            var stats = await conversation.GetAsync($"/v1/stats?by={by}");
            foreach (var counter in (string[])["exchanges", "turns", "attempts", "errors", "input", "cache_read", "output", "cost_nano_usd", "unpriced_turns"])
            {
                Assert.Equal(sessions.Sum(session => session.GetProperty(counter).GetInt64()), stats.GetProperty("total").GetProperty(counter).GetInt64());
                Assert.Equal(stats.GetProperty("total").GetProperty(counter).GetInt64(), stats.GetProperty("items").EnumerateArray().Sum(item => item.GetProperty(counter).GetInt64()));
            }
        }

        var agents = (await conversation.GetAsync("/v1/stats?by=agent")).GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("key").GetString()!, item => item.GetProperty("turns").GetInt64());
        Assert.Equal((2, 1), (agents["main"], agents["sub-agents"]));
        Assert.Equal(0, (await conversation.GetAsync("/v1/stats?until=2020-01-01")).GetProperty("total").GetProperty("exchanges").GetInt64());
        Assert.NotEqual(JsonValueKind.Null, (await conversation.GetAsync("/v1/stats?bucket=hour")).GetProperty("items")[0].GetProperty("at").ValueKind);
    }

    [Theory]
    [InlineData("by=colour", "by: 'colour' is none of day, model, harness, project, agent, kind.")]
    [InlineData("bucket=week", "bucket: 'week' is neither hour nor day.")]
    [InlineData("since=yesterday", "since: 'yesterday' is neither an RFC 3339 time nor a time ago (30m, 2h, 7d).")]
    public async Task What_makes_no_sense_is_refused(string query, string detail)
    {
        using var answer = await conversation.Admin.GetAsync("/v1/stats?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(detail, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task The_page_and_the_terminal_tell_the_same()
    {
        var html = WebUtility.HtmlDecode(await conversation.Admin.GetStringAsync("/costs?by=model"));
        Assert.Contains("<bdi class=\"cap\">claude-sonnet-4-5</bdi>", html, StringComparison.Ordinal);
        // Each row leads to the sessions that it is the sum of.
        Assert.Contains("href=\"/sessions?model=claude-sonnet-4-5&since=30d\"", html, StringComparison.Ordinal);
        Assert.Contains("<svg class=\"chart\"", html, StringComparison.Ordinal);
        Assert.Contains("list prices of genai-prices", html, StringComparison.Ordinal);

        var (code, output, _) = await LetheProgram.RunAsync("stats", "--by", "model", "--data", conversation.Lethe.DataDirectory);
        Assert.Equal(0, code);
        Assert.Matches(@"claude-sonnet-4-5 +\d+ +3 ", output);
        var (_, json, _) = await LetheProgram.RunAsync("stats", "--by", "model", "--json", "--data", conversation.Lethe.DataDirectory);
        Assert.Equal((await conversation.GetAsync("/v1/stats?by=model")).GetRawText(), json.Trim());
    }
}
