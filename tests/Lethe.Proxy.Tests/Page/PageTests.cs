using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lethe.Proxy.Tests.Admin;

namespace Lethe.Proxy.Tests.Page;

public sealed partial class PageTests : IAsyncLifetime
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private RecordedConversation conversation = null!;

    public async Task InitializeAsync() => conversation = await RecordedConversation.StartAsync();

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Live_lists_calls_newest_first_and_gives_what_came_after_a_place()
    {
        var live = await HtmlAsync("/");
        Assert.Equal(RecordedConversation.Exchanges, Count(live, "id=\"call-"));
        Assert.Contains("✕ refused (529): overloaded_error", WebUtility.HtmlDecode(live), StringComparison.Ordinal);

        var after = AfterPlace().Match(live).Groups[1].Value;
        await conversation.SayAsync("one more");
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);
        var piece = await HtmlAsync($"/?part=calls&after={after}");
        Assert.Equal(1, Count(piece, "id=\"call-"));
        Assert.NotEqual(after, AfterPlace().Match(piece).Groups[1].Value);
    }

    [Fact]
    public async Task A_session_shows_its_prompts_turns_attempts_figures_and_sub_agents()
    {
        var id = await SessionIdAsync(RecordedConversation.MainSession);
        var html = await HtmlAsync($"/sessions/{id}");

        Assert.Contains("<h1><bdi class=\"cap\">first</bdi></h1>", html, StringComparison.Ordinal);
        Assert.Contains("2 turns, and 1 in 1 sub-agent", html, StringComparison.Ordinal);
        Assert.Contains("id=\"turn-1\"", html, StringComparison.Ordinal);
        Assert.Contains("id=\"turn-2\"", html, StringComparison.Ordinal);
        Assert.Contains("refused (529): overloaded_error", html, StringComparison.Ordinal);
        Assert.Contains("<b>a1b2c3</b>", html, StringComparison.Ordinal);
        Assert.Contains("<svg class=\"tl\"", html, StringComparison.Ordinal);
        // An escape of a terminal in a reply is a chip, and no terminal's.
        Assert.Contains("<span class=\"chip\" title=\"an invisible character\">U+001B</span>", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.Contains("Hello U+001B[31mthere", Words(html), StringComparison.Ordinal);

        using var byPrefix = await conversation.Admin.GetAsync($"/sessions/{id[..13]}");
        Assert.EndsWith($"/sessions/{id}", byPrefix.RequestMessage!.RequestUri!.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_shows_what_was_said_its_bodies_headers_and_attempts()
    {
        var exchange = (await conversation.GetAsync("/v1/exchanges?limit=1")).GetProperty("items")[0].GetProperty("exchange_id").GetString();

        Assert.Contains("<p><bdi class=\"cap\">first</bdi></p>", await HtmlAsync($"/exchanges/{exchange}"), StringComparison.Ordinal);
        Assert.Contains("max_tokens: 100", Words(await HtmlAsync($"/exchanges/{exchange}?tab=request")), StringComparison.Ordinal);
        Assert.Contains("\"max_tokens\":100", Words(await HtmlAsync($"/exchanges/{exchange}?tab=request&form=raw")), StringComparison.Ordinal);
        Assert.Contains("stop_reason: tool_use", Words(await HtmlAsync($"/exchanges/{exchange}?tab=response")), StringComparison.Ordinal);
        Assert.Contains("first byte", Words(await HtmlAsync($"/exchanges/{exchange}?tab=timing")), StringComparison.Ordinal);
        var curl = Words(await HtmlAsync($"/exchanges/{exchange}?tab=curl"));
        Assert.Contains("curl -sS -X 'POST'", curl, StringComparison.Ordinal);
        Assert.Contains("$ANTHROPIC_API_KEY", curl, StringComparison.Ordinal);
        Assert.DoesNotContain(RecordedConversation.Secret, curl, StringComparison.Ordinal);
        var headers = await HtmlAsync($"/exchanges/{exchange}?tab=headers");
        Assert.Contains("claude-cli/2.1.329", headers, StringComparison.Ordinal);
        Assert.DoesNotContain(RecordedConversation.Secret, headers, StringComparison.Ordinal);
        Assert.Contains(">turn 1</bdi>", await HtmlAsync($"/exchanges/{exchange}?tab=attempts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_view_and_its_styles_go_compressed_to_who_takes_that_and_nothing_else_does()
    {
        var styles = StylesPlace().Match(await HtmlAsync("/")).Groups[1].Value;
        foreach (var (path, coding) in new[] { ("/", "br"), (styles, "gzip"), ("/v1/sessions", null) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("accept-encoding", coding ?? "br, gzip");
            using var answer = await conversation.Admin.SendAsync(request);
            Assert.Equal(coding is null ? [] : [coding], answer.Content.Headers.ContentEncoding);
        }
    }

    [Fact]
    public async Task Health_tells_the_doors_the_disk_what_was_lost_and_the_configuration_without_its_secrets()
    {
        var html = await HtmlAsync("/health");
        var words = Words(html);
        Assert.Contains("✓ Ready", words, StringComparison.Ordinal);
        Assert.Matches(@"forwarding \S*127\.0\.0\.1:\d+", words);
        Assert.Matches(@"journal [\d.]+ [KMG]?i?B in \d+ segments?, store [\d.]+ [KMG]?i?B", words);
        Assert.Contains("<dt>replays</dt><dd>0</dd>", html, StringComparison.Ordinal);
        Assert.Contains("<dt>drops, journal full</dt><dd>0</dd>", html, StringComparison.Ordinal);
        Assert.Contains("Configuration in force, secrets masked", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>window.hit=1</script>")]
    [InlineData("<img src=x onerror=window.hit=1>")]
    [InlineData("</bdi></p><svg onload=window.hit=1>")]
    [InlineData("\" onmouseover=\"window.hit=1")]
    [InlineData("{{7*7}} @(1) javascript:alert(1)")]
    [InlineData("[open **never closed `and ![a](http://canary.example/x.png) [b](javascript:alert(1)) &amp; &#60;")]
    [InlineData("\u202Eright to left\u202C and \U000E0041 a tag")]
    public async Task What_was_captured_is_text_on_every_view(string hostile)
    {
        await conversation.SendAsync($$"""[{"role":"user","content":[{"type":"text","text":{{JsonSerializer.Serialize(hostile)}}}]}]""", agent: "hostile");
        await conversation.UntilCommittedAsync(RecordedConversation.Exchanges + 1);
        var child = await SessionIdAsync(RecordedConversation.MainSession + "/hostile");
        var call = (await conversation.GetAsync($"/v1/exchanges?session={child}")).GetProperty("items")[0].GetProperty("exchange_id").GetString();

        foreach (var path in (string[])["/", "/sessions", $"/sessions/{child}", $"/exchanges/{call}", $"/exchanges/{call}?tab=request", $"/exchanges/{call}?tab=response", $"/exchanges/{call}?tab=headers", "/health"])
        {
            var html = await HtmlAsync(path);
            Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<svg onload", html, StringComparison.Ordinal);
            Assert.DoesNotContain("\" onmouseover", html, StringComparison.Ordinal);
            Assert.DoesNotContain("\u202E", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
            Assert.DoesNotContain("\U000E0041", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        }

        var shown = Words(Chips().Replace(await HtmlAsync($"/exchanges/{call}"), ""));
        Assert.Contains(hostile.Replace("\u202E", "", StringComparison.Ordinal).Replace("\u202C", "", StringComparison.Ordinal).Replace("\U000E0041", "", StringComparison.Ordinal), shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sessions")]
    [InlineData("/sessions/none")]
    [InlineData("/health")]
    public async Task Every_view_lets_nothing_run_but_its_own_modules(string path)
    {
        using var answer = await conversation.Admin.GetAsync(path);
        Assert.Equal(Policy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("camera=(), microphone=(), geolocation=()", Assert.Single(answer.Headers.GetValues("Permissions-Policy")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain(" style=\"", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(Handlers(), html);
    }

    [Fact]
    public async Task Assets_are_addressed_by_their_hash_and_kept_for_good()
    {
        var live = await HtmlAsync("/");
        foreach (Match asset in AssetAddress().Matches(live))
        {
            using var answer = await conversation.Admin.GetAsync(asset.Groups[1].Value);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        }

        using var other = await conversation.Admin.GetAsync("/assets/0000000000000000/page.css");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    private async Task<string> HtmlAsync(string path)
    {
        using var answer = await conversation.Admin.GetAsync(path);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<string> SessionIdAsync(string harnessSessionId) =>
        (await conversation.GetAsync("/v1/sessions/" + Uri.EscapeDataString(harnessSessionId))).GetProperty("session").GetProperty("session_id").GetString()!;

    private static string Words(string html) => WebUtility.HtmlDecode(Tags().Replace(html, ""));

    private static int Count(string html, string part) => html.Split(part).Length - 1;

    [GeneratedRegex("href=\"([^\"]+/page[.]css)\"")]
    private static partial Regex StylesPlace();

    [GeneratedRegex("data-after=\"([0-9]+)\"")]
    private static partial Regex AfterPlace();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex("<span class=\"chip\"[^>]*>[^<]*</span>")]
    private static partial Regex Chips();

    [GeneratedRegex("<[^>]* on[a-z]+=")]
    private static partial Regex Handlers();

    [GeneratedRegex("(?:href|src)=\"(/assets/[^\"]+)\"")]
    private static partial Regex AssetAddress();
}
