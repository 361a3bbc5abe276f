using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.IngestApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Model;

namespace Lethe.Proxy.Tests.Access;

/// <summary>Every route of the admin listener with every verb that it has, those to come too, asked by everybody who may not.</summary>
public sealed class RouteAccessTests : IAsyncLifetime
{
    private const string Ours = "0b6f1c1e-0000-4000-8000-000000000001";
    private const string Theirs = "0b6f1c1e-0000-4000-8000-000000000002";
    private const string Canary = "canary-of-ours";

    private LetheUnderTest lethe = null!;
    private TokenFile tokens = null!;

    public async Task InitializeAsync()
    {
        lethe = await LetheUnderTest.StartAsync(options => options.Tokens.Required = "always");
        tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
    }

    public Task DisposeAsync() => lethe.DisposeAsync().AsTask();

    [Fact]
    public async Task Every_route_with_every_bearer_that_may_not_is_refused()
    {
        var (revoked, revokedText) = await tokens.CreateAsync(Ours, null, AccessScope.All, null);
        await tokens.RevokeAsync(revoked.Id);
        var (_, expired) = await new TokenFile(lethe.DataDirectory, new Yesterday()).CreateAsync(Ours, null, AccessScope.All, TimeSpan.FromHours(1));
        var scoped = new Dictionary<string, string>();
        foreach (var scope in AccessScope.All)
        {
            scoped[scope] = await CreateAsync(Ours, scope);
        }

        var routes = Routes("none");
        Assert.Contains(("POST", "/v1/ingest/batch"), routes);
        Assert.Contains(("DELETE", "/v1/sessions/none"), routes);
        Assert.Contains(("POST", "/v1/sessions/none/merge"), routes);
        Assert.InRange(routes.Count, 30, 1000);
        foreach (var (verb, path) in routes)
        {
            Assert.Equal((verb, path, 401, "token_required"), await AskAsync(verb, path, null));
            foreach (var bad in (string[])["made-up", revokedText.ToString(), expired.ToString()])
            {
                Assert.Equal((verb, path, 401, "token_invalid"), await AskAsync(verb, path, bad));
            }

            var isAllowed = new List<string>();
            foreach (var (scope, token) in scoped)
            {
                var told = await AskAsync(verb, path, token);
                if (told.Code != "scope_missing")
                {
                    isAllowed.Add(scope);
                    Assert.DoesNotContain(told.Status, (int[])[401, 403, 500]);
                }
                else
                {
                    Assert.Equal(403, told.Status);
                }
            }

            Assert.Equal([Needed(verb, path)], isAllowed);
        }
    }

    [Fact]
    public async Task Every_route_that_names_something_of_another_organisation_tells_nothing_of_it_and_changes_nothing()
    {
        var ours = await CreateAsync(Ours, [.. AccessScope.All]);
        var producer = new Producer(lethe);
        var (_, told) = await producer.SendAsync(Producer.Payload("session-of-ours", Canary, "key"), token: ours);
        var (exchange, session) = (told.GetProperty("exchange_id").GetString()!, told.GetProperty("session_id").GetString()!);
        using var full = JsonDocument.Parse(await TextAsync("/v1/exchanges/" + exchange, ours));
        var leaf = full.RootElement.GetProperty("chain").GetProperty("leaf").GetString()!;
        var before = await TextAsync("/v1/exchanges", ours);
        string[] theirs = [await CreateAsync(Theirs, AccessScope.Read, AccessScope.Ingest), await CreateAsync(Theirs, [.. AccessScope.All])];

        foreach (var id in (string[])[exchange, session, leaf, "session-of-ours"])
        {
            foreach (var (verb, path) in Routes(id).Where(route => route.Path.Contains(id, StringComparison.Ordinal)))
            {
                foreach (var token in theirs)
                {
                    var (status, text) = await TakeAsync(verb, path + "?into=x&harness=h&session=s&with=" + exchange, token);
                    Assert.True(status is 404 or 403, $"{verb} {path}: {status}");
                    Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
                }

                // An organisation that the caller has no part in is nobody's to name but an administrator's.
                var (named, hidden) = await TakeAsync("GET", path + "?with=" + exchange + "&org=" + Ours, theirs[0]);
                Assert.True(named is 404 or 403 or 405, $"{path}: {named}");
                Assert.DoesNotContain(Canary, hidden, StringComparison.Ordinal);
            }
        }

        foreach (var (_, path) in Routes("none").Where(route => route is { Verb: "GET", Path: not "/v1/events" } && !route.Path.Contains("none", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(Canary, (await TakeAsync("GET", path + "?q=canary&org=" + Ours, theirs[0])).Text, StringComparison.Ordinal);
        }

        Assert.Equal(before, await TextAsync("/v1/exchanges", ours));
    }

    private static string Needed(string verb, string path) =>
        verb is "GET" or "HEAD" ? AccessScope.Read : path is "/v1/ingest" or "/v1/ingest/batch" or "/api/v1/ingest" ? AccessScope.Ingest : AccessScope.Admin;

    private async Task<string> CreateAsync(string org, params string[] scopes) => (await tokens.CreateAsync(org, null, scopes, null)).Text.ToString();

    private async Task<(string Verb, string Path, int Status, string? Code)> AskAsync(string verb, string path, string? token)
    {
        using var request = Request(verb, path, token);
        using var response = await lethe.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json" && verb != "HEAD";
        return (verb, path, (int)response.StatusCode, isProblem ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString() : null);
    }

    private async Task<(int Status, string Text)> TakeAsync(string verb, string path, string token)
    {
        using var request = Request(verb, path, token);
        using var response = await lethe.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<string> TextAsync(string path, string token) => (await TakeAsync("GET", path, token)).Text;

    private static HttpRequestMessage Request(string verb, string path, string? token)
    {
        var request = new HttpRequestMessage(new HttpMethod(verb), path);
        if (verb is "POST" or "PUT" or "PATCH")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private List<(string Verb, string Path)> Routes(string id) =>
    [
        .. lethe.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteModel>() is null && endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null)
            .Select(endpoint => (Endpoint: endpoint, Path: "/" + endpoint.RoutePattern.RawText!.TrimStart('/')))
            // Without a token there is a place to show one, and what it looks like.
            .Where(route => route.Path is not ("/healthz" or "/readyz" or "/signin" or "/signin/oidc" or "/signin/callback" or "/signout" or "/assets/{hash}/{name}" or "/favicon.svg" or "/favicon.ico"))
            .SelectMany(route => route.Endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(verb => (verb, Named(route.Path, id))))
            .Distinct(),
    ];

    // Whatever a route calls what it names.
    private static string Named(string path, string id) => Regex.Replace(path, @"\{[^}]*\}", id);

    private sealed class Yesterday : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(-1);
    }
}
