using System.Net;
using System.Text.RegularExpressions;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Access;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Lethe.Proxy.Tests.Page;

/// <summary>A browser where tokens are needed: it signs in once, sees what its token sees, and is out when the token is.</summary>
public sealed class SignInTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime, IDisposable
{
    private const string Org = "0b6f1c1e-0000-4000-8000-000000000001";

    private LetheUnderTest lethe = null!;
    private TokenFile tokens = null!;
    private HttpClient browser = null!;

    public async Task InitializeAsync()
    {
        lethe = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
        browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = lethe.Admin.BaseAddress };
    }

    public async Task DisposeAsync() => await lethe.DisposeAsync();

    public void Dispose() => browser.Dispose();

    [Fact]
    public async Task A_browser_is_asked_once_goes_on_where_it_was_and_is_out_when_its_token_is_revoked()
    {
        var (stored, text) = await tokens.CreateAsync(Org, "ada", [AccessScope.Read], null);
        await using var visitor = await chromium.VisitAsync(lethe.Host.Doors.Admin);
        var page = await visitor.OpenAsync("/costs?by=model");
        await Expect(page).ToHaveURLAsync(new Regex("/signin"));
        await page.GetByLabel("Token").FillAsync(text.ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"/costs\?by=model$"));
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        Assert.Equal("", await page.EvaluateAsync<string>("() => document.cookie"));

        await page.GotoAsync("/signin");
        await Expect(page.Locator("main")).ToContainTextAsync($"ada, organisation {Org}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByLabel("Token")).ToBeVisibleAsync();

        await page.GetByLabel("Token").FillAsync(text.ToString());
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("nav[aria-label=Views]")).ToBeVisibleAsync();
        // A view that follows the calls would say in the console that it may no more.
        await page.GotoAsync("/signin");
        await tokens.RevokeAsync(stored.Id);
        await page.GotoAsync("/sessions");
        await Expect(page).ToHaveURLAsync(new Regex("/signin"));
    }

    [Fact]
    public async Task Where_there_is_an_issuer_a_browser_signs_in_there_and_a_code_that_it_did_not_ask_for_is_none()
    {
        await using var issuer = await LocalIssuer.StartAsync();
        issuer.SignsIn = Org;
        await using var closed = await LetheUnderTest.StartAsync(options =>
        {
            options.Tokens.Required = "always";
            (options.Oidc.Authority, options.Oidc.Audience, options.Oidc.OrgClaim, options.Oidc.ClientId) = (issuer.Authority, LocalIssuer.Audience, "org", "lethe-page");
        });
        await using var visitor = await chromium.VisitAsync(closed.Host.Doors.Admin);
        visitor.MayVisit(issuer.Authority);
        var page = await visitor.OpenAsync("/costs?by=model");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in at" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"/costs\?by=model$"));
        await Expect(page.Locator("#pulse")).ToHaveTextAsync("Live");
        Assert.Equal("", await page.EvaluateAsync<string>("() => document.cookie"));
        await page.GotoAsync("/signin");
        await Expect(page.Locator("main")).ToContainTextAsync($"dora, organisation {Org}");

        // A code that somebody else's link brings, or one that is not for this browser, signs nobody in.
        using var stranger = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = closed.Admin.BaseAddress };
        using var begun = await stranger.GetAsync("/signin/oidc?back=//elsewhere.example");
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        var kept = begun.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("; path=/signin; samesite=lax; httponly", kept, StringComparison.Ordinal);
        var state = System.Web.HttpUtility.ParseQueryString(begun.Headers.Location!.Query)["state"];
        foreach (var (query, cookie) in new[] { ($"code=a-code&state={state}", ""), ("code=a-code&state=other", kept.Split(';')[0]), ($"state={state}", kept.Split(';')[0]), ($"code=a-code&state={state}", kept.Split(';')[0]) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/signin/callback?" + query);
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
            using var answer = await stranger.SendAsync(request);
            // The last is the browser's own, and the issuer knows of no such code.
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.DoesNotContain(answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [], one => one.StartsWith("lethe_token", StringComparison.Ordinal));
        }

        issuer.IsDown = true;
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/signin/oidc")).StatusCode);
    }

    [Fact]
    public async Task The_cookie_is_the_token_s_and_asks_without_changing_anything()
    {
        var (_, text) = await tokens.CreateAsync(Org, null, AccessScope.All, null);
        using var signed = await PostAsync("/signin", $"token={text}&back=/sessions");
        Assert.Equal((HttpStatusCode.SeeOther, "/sessions"), (signed.StatusCode, signed.Headers.Location!.OriginalString));
        var cookie = Assert.Single(signed.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        var kept = cookie.Split(';')[0];

        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/v1/sessions", kept));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/sessions", kept));
        // Its token may all of this; the cookie may not.
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Delete, "/v1/sessions/none", kept));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Post, "/v1/ingest", kept));
        // A bad credential is not made good by a cookie beside it.
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Get, "/v1/sessions", kept, "Bearer x"));
    }

    [Fact]
    public async Task Nobody_else_s_form_signs_a_browser_in_or_out_and_nothing_leads_away()
    {
        var (_, text) = await tokens.CreateAsync(Org, null, [AccessScope.Read], null);
        var form = $"token={text}&back=/";
        foreach (var (name, value) in new[] { ("Origin", "http://127.0.0.1:1"), ("Origin", "null"), ("Origin", "https://elsewhere.example"), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "cross-site") })
        {
            foreach (var path in (string[])["/signin", "/signout"])
            {
                using var refused = await PostAsync(path, form, (name, value));
                Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
                Assert.False(refused.Headers.Contains("Set-Cookie"));
            }
        }

        foreach (var away in (string[])["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example/", "x", ""])
        {
            using var back = await PostAsync("/signin", $"token={text}&back={Uri.EscapeDataString(away)}");
            Assert.Equal("/", back.Headers.Location!.OriginalString);
        }
    }

    [Fact]
    public async Task A_token_that_is_not_good_is_told_so_and_who_needs_none_finds_no_form()
    {
        var (_, writer) = await tokens.CreateAsync(Org, null, [AccessScope.Ingest], null);
        foreach (var (token, status) in new[] { ("x", HttpStatusCode.Unauthorized), ("", HttpStatusCode.Unauthorized), (new string('x', 5000), HttpStatusCode.Unauthorized), (writer.ToString(), HttpStatusCode.Forbidden) })
        {
            using var refused = await PostAsync("/signin", $"token={token}");
            Assert.Equal(status, refused.StatusCode);
            Assert.False(refused.Headers.Contains("Set-Cookie"));
            Assert.Contains("require-trusted-types-for 'script'", refused.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("no-referrer", refused.Headers.GetValues("Referrer-Policy").Single());
        }

        // A program is told 401 as before.
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(HttpMethod.Get, "/v1/sessions", null));
        await using var open = await LetheUnderTest.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await open.Admin.GetAsync("/signin")).StatusCode);
        using var none = new FormUrlEncodedContent([]);
        Assert.Equal(HttpStatusCode.NotFound, (await open.Admin.PostAsync("/signout", none)).StatusCode);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string form, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(form, System.Text.Encoding.UTF8, "application/x-www-form-urlencoded") };
        if (header is { } told)
        {
            request.Headers.Add(told.Name, told.Value);
        }

        return await browser.SendAsync(request);
    }

    private async Task<HttpStatusCode> AskAsync(HttpMethod method, string path, string? cookie, string? authorization = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Accept", "text/html, application/json");
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await browser.SendAsync(request);
        return response.StatusCode;
    }
}
