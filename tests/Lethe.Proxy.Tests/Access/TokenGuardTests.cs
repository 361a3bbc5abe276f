using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Access;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Model;

namespace Lethe.Proxy.Tests.Access;

public sealed class TokenGuardTests : IAsyncLifetime
{
    private const string Org = "0b6f1c1e-0000-4000-8000-000000000001";
    private const string None = "00000000-0000-0000-0000-000000000000";

    private FakeModelApi api = null!;
    private LetheUnderTest lethe = null!;
    private TokenFile tokens = null!;

    public async Task InitializeAsync()
    {
        api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = api.Address };
            options.Tokens.Required = "always";
        });
        tokens = new TokenFile(lethe.DataDirectory, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await lethe.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Every_route_but_health_asks_for_a_token_and_takes_none_that_is_not_good()
    {
        var reader = await CreateAsync(AccessScope.Read);
        var writer = await CreateAsync(AccessScope.Ingest, AccessScope.Admin);
        var (revoked, revokedText) = await tokens.CreateAsync(None, null, AccessScope.All, null);
        await tokens.RevokeAsync(revoked.Id);
        var (_, expired) = await new TokenFile(lethe.DataDirectory, new Yesterday()).CreateAsync(None, null, AccessScope.All, TimeSpan.FromHours(1));
        string[] bad =
        [
            $"Bearer {revokedText}", $"Bearer {expired}", "Bearer x", $"Bearer {reader}0", $"Bearer {reader[..^1]}{(reader[^1] == '0' ? '1' : '0')}",
            $"Bearer lethe_{new string('0', 16)}_{new string('0', 64)}", "Bearer " + new string('x', 10_000),
        ];
        var routes = Routes();

        Assert.InRange(routes.Length, 8, 1000);
        foreach (var route in routes)
        {
            Assert.Equal((401, "token_required", "Bearer realm=\"lethe\""), await AskAsync(route, null));
            Assert.Equal((401, "token_required", "Bearer realm=\"lethe\""), await AskAsync(route, "Basic " + reader));
            foreach (var credential in bad)
            {
                Assert.Equal((401, "token_invalid", "Bearer realm=\"lethe\", error=\"invalid_token\""), await AskAsync(route, credential));
            }

            Assert.Equal((403, "scope_missing", "Bearer realm=\"lethe\", error=\"insufficient_scope\", scope=\"read\""), await AskAsync(route, $"Bearer {writer}"));
            Assert.DoesNotContain((await AskAsync(route, $"bearer {reader}")).Status, (int[])[401, 403, 421, 500]);
        }

        foreach (var path in (string[])["/healthz", "/readyz"])
        {
            Assert.Equal(HttpStatusCode.OK, (await lethe.Admin.GetAsync(path)).StatusCode);
        }

        // A path that is none tells nobody so who may not ask.
        Assert.Equal(401, (await AskAsync("/v1/none", null)).Status);
        Assert.Equal(404, (await AskAsync("/v1/none", $"Bearer {reader}")).Status);
    }

    [Theory]
    [InlineData("POST", "/v1/ingest", AccessScope.Ingest)]
    [InlineData("POST", "/v1/ingest/batch", AccessScope.Ingest)]
    [InlineData("POST", "/api/v1/ingest", AccessScope.Ingest)]
    [InlineData("POST", "/v1/ingested", AccessScope.Admin)]
    [InlineData("DELETE", "/v1/sessions/x", AccessScope.Admin)]
    [InlineData("PUT", "/v1/sessions/x", AccessScope.Admin)]
    public async Task What_changes_something_needs_its_own_scope(string method, string path, string needed)
    {
        foreach (var scope in AccessScope.All)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await CreateAsync(scope));
            using var response = await lethe.Admin.SendAsync(request);

            Assert.Equal(scope == needed, response.StatusCode != HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task What_is_created_and_revoked_counts_at_once()
    {
        var (stored, text) = await tokens.CreateAsync(None, "ci", [AccessScope.Read], TimeSpan.FromDays(30));
        Assert.Equal(200, (await AskAsync("/v1/sessions", $"Bearer {text}")).Status);

        Assert.True(await tokens.RevokeAsync(stored.Id));
        Assert.Equal(401, (await AskAsync("/v1/sessions", $"Bearer {text}")).Status);
        Assert.False(await tokens.RevokeAsync(stored.Id));
    }

    [Fact]
    public async Task Many_at_once_lose_no_token_and_no_secret_is_on_disk()
    {
        var created = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => new TokenFile(lethe.DataDirectory, TimeProvider.System).CreateAsync(None, null, [AccessScope.Read], null)));

        Assert.Equal(created.Select(one => one.Stored.Id).Order(), tokens.Read().Select(token => token.Id).Order());
        foreach (var file in Directory.EnumerateFiles(lethe.DataDirectory, "tokens*"))
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.All(created, one => Assert.DoesNotContain(one.Text.Secret, text, StringComparison.Ordinal));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    [Fact]
    public async Task A_file_that_is_no_list_of_tokens_lets_nobody_in()
    {
        var reader = await CreateAsync(AccessScope.Read);
        await File.WriteAllTextAsync(Path.Combine(lethe.DataDirectory, "tokens.json"), "[{");

        Assert.Equal(401, (await AskAsync("/v1/sessions", $"Bearer {reader}")).Status);
    }

    [Fact]
    public async Task A_token_of_another_organisation_sees_nothing_of_this_ones()
    {
        using (var said = await lethe.Forwarding.PostAsync("/anthropic/v1/messages", new StringContent("{}", Encoding.UTF8, "application/json"), CancellationToken.None))
        {
            // The fake API is of this machine, and every token asked for: the call needs one of its own.
            Assert.Equal(HttpStatusCode.Forbidden, said.StatusCode);
        }

        await SayAsync(await CreateAsync(AccessScope.Ingest));
        var own = await CreateAsync(AccessScope.Read);
        var (_, foreign) = await tokens.CreateAsync(Org, null, [AccessScope.Read], null);
        var record = await UntilStoredAsync(own);
        var exchange = record.GetProperty("exchange_id").GetString();

        Assert.Equal(0, (await JsonAsync("/v1/exchanges", foreign.ToString())).GetProperty("items").GetArrayLength());
        Assert.Equal(0, (await JsonAsync("/v1/sessions", foreign.ToString())).GetProperty("items").GetArrayLength());
        Assert.Equal((404, "exchange_not_found", null), await AskAsync("/v1/exchanges/" + exchange, $"Bearer {foreign}"));
        Assert.Equal(200, (await AskAsync("/v1/exchanges/" + exchange, $"Bearer {own}")).Status);
        Assert.Equal((403, "foreign_org", null), await AskAsync("/v1/exchanges?org=" + None, $"Bearer {foreign}"));
        Assert.Equal(200, (await AskAsync("/v1/exchanges?org=" + Org, $"Bearer {foreign}")).Status);
    }

    private async Task<string> CreateAsync(params string[] scopes) => (await tokens.CreateAsync(None, null, scopes, null)).Text.ToString();

    private async Task SayAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Headers.Add(LendingGuard.Header, token);
        using var response = await lethe.Forwarding.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<JsonElement> UntilStoredAsync(string token)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var items = (await JsonAsync("/v1/exchanges", token)).GetProperty("items");
            if (items.GetArrayLength() > 0)
            {
                return items[0];
            }

            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private async Task<JsonElement> JsonAsync(string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await lethe.Admin.SendAsync(request);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private async Task<(int Status, string? Code, string? Challenge)> AskAsync(string path, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await lethe.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return (
            (int)response.StatusCode,
            isProblem ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString() : null,
            response.Headers.TryGetValues("WWW-Authenticate", out var challenge) ? string.Join(',', challenge) : null);
    }

    // Every route that the admin listener has, those to come too.
    private string[] Routes() =>
    [
        .. lethe.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteModel>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText!)
            .Where(path => path is "/" or "/metrics" || path.StartsWith("/v1/", StringComparison.Ordinal))
            .Select(path => path.Replace("{id}", "none", StringComparison.Ordinal)),
    ];

    private sealed class Yesterday : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(-1);
    }
}
