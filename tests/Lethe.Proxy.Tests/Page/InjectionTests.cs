using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Importing;
using Microsoft.Playwright;

namespace Lethe.Proxy.Tests.Page;

/// <summary>Everything captured is hostile: in the browser, on every view, nothing of it runs, loads or breaks the policy, and its text is shown.</summary>
public sealed class InjectionTests(Chromium chromium) : IClassFixture<Chromium>
{
    internal static readonly string[] Corpus =
    [
        "<script>window.hit=1</script>",
        "<scr<script>ipt>window.hit=1</scr</script>ipt>",
        "<img src=x onerror=window.hit=1>",
        "<svg onload=window.hit=1><animate onbegin=window.hit=1 attributeName=x dur=1s></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.hit=1&gt;\">",
        "<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe>",
        "<style>@import url(http://canary.example/x.css);body{display:none}</style>",
        "<base href=http://canary.example/>",
        "<form action=http://canary.example/><button>send</button></form>",
        "<meta http-equiv=refresh content=\"0;url=http://canary.example/\">",
        "<a id=location></a><form name=body><input name=firstChild></form>",
        "[a](java\tscript:window.hit=1) [b](JaVaScRiPt:window.hit=1) [c](&#106;avascript:window.hit=1)",
        "[d](data:text/html,<script>parent.hit=1</script>)",
        "![e](http://canary.example/x.png) ![f][ref]\n\n[ref]: http://canary.example/y.png",
        "<http://canary.example/auto> http://canary.example/bare",
        "```html\n<script>window.hit=1</script>\n```",
        "{{7*7}} @(1) ${7*7} <%= 7 %>",
        "</textarea></title></bdi></p></main><script>window.hit=1</script>",
        "\" onmouseover=\"window.hit=1\" x=\"",
        "null \0 byte, bell \a, escape \u001b[31mred\u001b]8;;http://canary.example\u001b\\link",
        "\u202Eright to left\u202C \u2066isolate\u2069 zero\u200Bwidth \U000E0041\U000E0042 tags",
        "__proto__ constructor 1e999 123456789012345678901234567890",
        "'; rm -rf / #$(touch x)`id`\r\nInjected: header",
    ];

    [Fact]
    public async Task Nothing_that_was_captured_runs_loads_or_breaks_the_policy_on_any_view()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        var all = string.Join("\n\n", Corpus);
        var tool = new { type = "tool_use", id = "<script>window.hit=1</script>", name = "<img src=x onerror=window.hit=1>", input = new Dictionary<string, string> { ["__proto__"] = all } };
        object[] said =
        [
            RecordedTeam.User(all),
            RecordedTeam.Assistant(new object[] { new { type = "thinking", thinking = all, signature = "" }, tool }),
            RecordedTeam.User(new object[] { new { type = "tool_result", tool_use_id = "<script>window.hit=1</script>", content = all, is_error = true }, new { type = "<svg onload=window.hit=1>", odd = all } }),
        ];
        await team.SayAsync(new ModelReply.UseTools(("<img src=x onerror=window.hit=1>", new { text = all })), said[..1], system: all);
        await team.SayAsync(new ModelReply.Fail(529, "<script>window.hit=1</script>", all), said);
        await team.SayAsync(new ModelReply.Say(all), said);
        await team.SayAsync(new ModelReply.Fail(400, "<b>", all), [RecordedTeam.User("<u>")], agent: "<script>window.hit=1</script>");
        await team.UntilStoredAsync();

        await using var visitor = await chromium.VisitAsync(team.Address);
        foreach (var (name, path) in (await PageViews.OfAsync(team)).Concat([("found", "/search?q=window.hit"), ("asked", "/search?q=" + Uri.EscapeDataString("\"<script>window.hit=1</script>\""))]))
        {
            var page = await visitor.OpenAsync(path);
            await OpenAllAsync(page);
            Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
            Assert.Equal(0, await page.Locator(Forbidden).CountAsync());
            Assert.Equal("none", name == "health" ? "none" : await page.EvaluateAsync<string>("() => [...document.querySelectorAll('main *')].some(e => e.getAttributeNames().some(n => n.startsWith('on'))) ? 'a handler' : 'none'"));
            await page.CloseAsync();
        }
    }

    [Fact]
    public async Task Where_a_component_forgot_to_encode_the_policy_alone_lets_nothing_run()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        var context = await chromium.NewContextAsync(team.Address);
        await using (context)
        {
            var requests = new List<string>();
            context.RequestFinished += (_, request) => requests.Add(request.Url);
            // As it would come if the first layer were not there: in the answer's own markup, under the answer's own headers.
            await context.RouteAsync("**/health", async route =>
            {
                var answer = await route.FetchAsync();
                var body = (await answer.TextAsync()).Replace("</main>", "<script>window.hit=1</script><img src=x onerror=window.hit=2><svg onload=window.hit=3></svg><a id=bad href='javascript:window.hit=4'>x</a><iframe srcdoc='<script>parent.hit=5</script>'></iframe><img src=http://canary.example/x.png><form action=http://canary.example/ id=out><button id=send>send</button></form></main>", StringComparison.Ordinal);
                await route.FulfillAsync(new() { Response = answer, Body = body });
            });
            var page = await context.NewPageAsync();
            await page.GotoAsync("/health");
            await page.Locator("#bad").ClickAsync();
            await page.EvaluateAsync("() => document.getElementById('out').requestSubmit()");
            Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
            // And no script of the page's own could make markup of a string, had it wanted to.
            Assert.Equal("TypeError", await page.EvaluateAsync<string>("() => { try { document.body.innerHTML = '<b>x</b>'; return 'made'; } catch (fault) { return fault.name; } }"));
            Assert.All(requests, address => Assert.StartsWith(team.Address, address, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Nothing_runs_from_a_name_a_model_a_header_a_path_a_directory_or_a_body_that_is_no_text()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        var session = await SayHostileAsync(team);
        var calls = (await team.GetAsync("/v1/exchanges?limit=20")).GetProperty("items").EnumerateArray().Select(call => call.GetProperty("exchange_id").GetString()!).ToList();
        await using var visitor = await chromium.VisitAsync(team.Address);
        string[] tabs = ["said", "request", "request&form=raw", "response", "headers", "timing", "attempts", "curl"];
        foreach (var path in (string[])["/", "/sessions", $"/sessions/{session}", $"/compare?a={calls[0]}&b={calls[1]}", "/?trouble=1", "/costs?by=model", "/prompts", "/tools?name=" + Uri.EscapeDataString(Hostile), "/search?q=window.hit", "/health", .. calls.SelectMany(call => tabs.Select(tab => $"/exchanges/{call}?tab={tab}"))])
        {
            var page = await visitor.OpenAsync(path);
            await OpenAllAsync(page);
            Assert.Null(await page.EvaluateAsync<int?>("() => window.hit ?? null"));
            Assert.Equal(0, await page.Locator(Forbidden).CountAsync());
            await page.CloseAsync();
        }

        // Both are shown as they are, and end no header of ours.
        var odd = (await team.GetAsync("/v1/exchanges?limit=20")).GetProperty("items").EnumerateArray().ToLookup(call => call.GetProperty("capture_mode").GetString() == "import", call => call.GetProperty("exchange_id").GetString()!);
        var imported = await visitor.OpenAsync($"/exchanges/{Assert.Single(odd[true])}?tab=headers");
        var values = await imported.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.headers td')].map(cell => cell.textContent)");
        Assert.Contains(HostileHeader, values);
        var strayed = (await team.GetAsync("/v1/exchanges?limit=20")).GetProperty("items").EnumerateArray().Single(call => call.GetProperty("path").GetString()!.Contains("<script>", StringComparison.Ordinal));
        var stray = await visitor.OpenAsync($"/exchanges/{strayed.GetProperty("exchange_id").GetString()}");
        await Assertions.Expect(stray.Locator("main")).ToContainTextAsync("POST " + HostilePath["/anthropic".Length..]);
        using var served = await team.Lethe.Admin.GetAsync($"/exchanges/{Assert.Single(odd[true])}?tab=curl");
        Assert.False(served.Headers.Contains("Set-Cookie"));
    }

    private const string Hostile = "<img src=x onerror=window.hit=1>\"'{{7*7}}";
    private const string HostilePath = "/anthropic/v1/<script>window.hit=1</script>/messages";
    private const string HostileHeader = "a\r\nSet-Cookie: hit=1\r\n\r\n<script>window.hit=1</script>";

    /// <summary>Calls that are hostile wherever a caller is free to be; the id of their session.</summary>
    internal static async Task<string> SayHostileAsync(RecordedTeam team)
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 128)) + "1" + new string('}', 128);
        var wide = "{" + string.Join(',', Enumerable.Range(0, 100_000).Select(at => $"\"k{at}\":{at}")) + "}";
        var model = JsonSerializer.Serialize(Hostile);
        string[] bodies =
        [
            $$"""{"model":{{model}},"max_tokens":9,"stream":true,"messages":[{"role":"user","content":"half \ud800 of it, 1e999"}]}""",
            $$"""{"model":{{model}},"max_tokens":9,"stream":true,"__proto__":{"hit":1},"huge":1e999,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":{{model}},"input":{{deep}}},{"type":"tool_use","id":"toolu_2","name":"wide","input":{{wide}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"\udfff"}]}]}""",
            $$"""{"model":{{model}},"max_tokens":9,"stream":true,"messages":[{"role":"user","content":"INVALID"}]}""",
        ];
        // A path as no client would write it.
        using (var odd = new HttpRequestMessage(HttpMethod.Post, new Uri(team.Lethe.Host.Doors.Forwarding + HostilePath, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = new StringContent(bodies[0]) })
        {
            await team.SendAsync(odd, new ModelReply.Say("no"));
        }

        foreach (var body in bodies)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            if (bytes.AsSpan().IndexOf("INVALID"u8) is >= 0 and var at)
            {
                (bytes[at], bytes[at + 1]) = (0xFF, 0xC0);
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages?beta=%3Cscript%3Ewindow.hit=1%3C/script%3E") { Content = new ByteArrayContent(bytes) };
            request.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
            foreach (var (name, value) in new[]
            {
                ("user-agent", "claude-cli/2.1.329 " + Hostile), ("x-claude-code-session-id", "<script>window.hit=1</script>"), ("x-lethe-session-name", Uri.EscapeDataString(Hostile)),
                ("x-lethe-cwd", Uri.EscapeDataString("/home/" + Hostile)), ("anthropic-beta", Hostile),
            })
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            await team.SendAsync(request, new ModelReply.UseTools((Hostile, new { text = Hostile })));
        }

        // Header values with line ends, which no wire carries, and a file may.
        await team.ImportAsync(Flow(bodies[0]));
        await team.UntilStoredAsync();
        return (await team.GetAsync("/v1/sessions")).GetProperty("items")[0].GetProperty("session_id").GetString()!;
    }

    private static byte[] Flow(string body) => RecordedFileTests.Netstring(new Dictionary<string, object?>
    {
        ["type"] = "http",
        ["version"] = 21L,
        ["request"] = RecordedFileTests.Asking(
            "/v1/messages?<script>window.hit=1</script>",
            body,
            RecordedFileTests.Header("user-agent", "claude-cli/2.1.329 (external, cli)"),
            RecordedFileTests.Header("x-claude-code-session-id", "<script>window.hit=1</script>"),
            RecordedFileTests.Header("anthropic-beta", HostileHeader)),
        ["response"] = new Dictionary<string, object?>
        {
            ["status_code"] = 200L,
            ["timestamp_end"] = 1_772_366_400.75,
            ["content"] = """{"id":"msg_odd","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"odd"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}"""u8.ToArray(),
            ["headers"] = new List<object?> { RecordedFileTests.Header("content-type", "application/json"), RecordedFileTests.Header("request-id", HostileHeader) },
        },
    });

    internal const string Forbidden = "main script, main iframe, main img, main style, main base, main meta, main object, main [style], main a[href^='javascript' i], main a[href^='data' i]";

    [Fact]
    public async Task Each_of_them_is_shown_as_it_was_said()
    {
        await using var team = await RecordedTeam.StartEmptyAsync();
        // As a tool's result: what a person or a model says is drawn as Markdown.
        var results = Corpus.Select((text, at) => new { type = "tool_result", tool_use_id = $"toolu_{at}", content = text });
        var calls = Corpus.Select((_, at) => new { type = "tool_use", id = $"toolu_{at}", name = "Read", input = new { at } });
        await team.SayAsync(new ModelReply.Say("done"), [RecordedTeam.User("read"), RecordedTeam.Assistant(calls), RecordedTeam.User(results)]);
        await team.UntilStoredAsync();
        await using var visitor = await chromium.VisitAsync(team.Address);
        var call = (await team.GetAsync("/v1/exchanges?limit=1")).GetProperty("items")[0].GetProperty("exchange_id").GetString();

        var page = await visitor.OpenAsync($"/exchanges/{call}");
        await OpenAllAsync(page);
        var shown = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('main pre')].map(pre => pre.textContent)");
        Assert.All(Corpus, text => Assert.Contains(Visible(text), shown));
    }

    private static async Task OpenAllAsync(IPage page) => await page.EvaluateAsync("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })");

    // What cannot be seen is a chip with its code point.
    internal static string Visible(string text)
    {
        var visible = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var isShown = rune.Value is '\n' or '\r' or '\t' || category is not (System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format);
            visible.Append(isShown ? rune.ToString() : $"U+{rune.Value:X4}");
        }

        return visible.ToString();
    }
}
