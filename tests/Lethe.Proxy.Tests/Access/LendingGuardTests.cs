using System.Net;
using System.Text.Json;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Tests.Access;

/// <summary>What lethe adds to a call of its own is lent to nobody without a token, where more than this machine can come.</summary>
public sealed class LendingGuardTests : IAsyncLifetime
{
    private readonly string home = Directory.CreateTempSubdirectory("lethe-lending-").FullName;
    private FakeModelApi api = null!;

    public async Task InitializeAsync() => api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));

    public async Task DisposeAsync()
    {
        await api.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Theory]
    [InlineData("/lending/v1/messages")]
    [InlineData("/anthropic/v1/messages")]
    public async Task A_route_that_lends_asks_for_a_token_which_goes_no_further(string path)
    {
        await using var lethe = await StartAsync("always");
        var tokens = new TokenFile(home, TimeProvider.System);
        var (_, reader) = await tokens.CreateAsync("00000000-0000-0000-0000-000000000000", null, [AccessScope.Read], null);
        var (_, producer) = await tokens.CreateAsync("00000000-0000-0000-0000-000000000000", null, [AccessScope.Ingest], null);

        foreach (var bad in (string?[])[null, "x", reader.ToString()])
        {
            Assert.Equal((HttpStatusCode.Forbidden, "token_required"), await SendAsync(lethe, path, bad));
        }

        Assert.Empty(api.Requests);
        Assert.Equal((HttpStatusCode.OK, null), await SendAsync(lethe, path, producer.ToString()));
        var received = Assert.Single(api.Requests);
        Assert.Null(received.Header(LendingGuard.Header));
        Assert.DoesNotContain(producer.Secret, string.Join('\n', received.Headers), StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_loopback_nobody_is_asked()
    {
        await using var lethe = await StartAsync("auto");

        Assert.Equal((HttpStatusCode.OK, null), await SendAsync(lethe, "/lending/v1/messages", null));
    }

    [Theory]
    [InlineData("auto", "http://127.0.0.1:1", null, false)]
    [InlineData("auto", "http://localhost:1", null, false)]
    [InlineData("auto", "http://[::1]:1", null, false)]
    [InlineData("auto", "http://localhost:1", "http://localhost:1/lethe", false)]
    [InlineData("auto", "http://0.0.0.0:1", null, true)]
    [InlineData("auto", "http://*:1", null, true)]
    [InlineData("auto", "http://[::]:1", null, true)]
    [InlineData("auto", "http://192.0.2.1:1", null, true)]
    [InlineData("auto", "http://127.0.0.1:1", "https://lethe.team.example", true)]
    [InlineData("always", "http://127.0.0.1:1", null, true)]
    public void A_token_is_needed_where_more_than_this_machine_can_come(string required, string listen, string? publicUrl, bool needed)
    {
        var options = new LetheOptions { Listen = listen, AdminListen = listen, PublicUrl = publicUrl, Tokens = new TokenOptions { Required = required } };

        Assert.Equal((needed, needed), (new TokenRule(options).AtAdmin, new TokenRule(options).AtForwarding));
    }

    private Task<LetheHost> StartAsync(string required)
    {
        Dictionary<string, string?> proxy = new()
        {
            ["ReverseProxy:Routes:lending:ClusterId"] = "lent",
            ["ReverseProxy:Routes:lending:Match:Path"] = "/lending/{**rest}",
            ["ReverseProxy:Routes:lending:Transforms:0:RequestHeader"] = "x-api-key",
            ["ReverseProxy:Routes:lending:Transforms:0:Set"] = "a-secret-of-ours",
            ["ReverseProxy:Clusters:lent:Destinations:one:Address"] = api.Address,
        };
        var options = new LetheOptions
        {
            DataDirectory = home,
            Listen = "http://127.0.0.1:0",
            AdminListen = "http://127.0.0.1:0",
            ExtProc = new ExtProcOptions { Listen = "" },
            Tokens = new TokenOptions { Required = required },
            Upstreams = { ["anthropic"] = new UpstreamOptions { Address = api.Address } },
        };
        return LetheHost.StartAsync(new LetheSettings(new ConfigurationBuilder().AddInMemoryCollection(proxy).Build(), options));
    }

    private static async Task<(HttpStatusCode Status, string? Code)> SendAsync(LetheHost lethe, string path, string? token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, lethe.Doors.Forwarding + path) { Content = new StringContent("{}") };
        if (token is not null)
        {
            request.Headers.Add(LendingGuard.Header, token);
        }

        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, response.IsSuccessStatusCode ? null : JsonDocument.Parse(body).RootElement.GetProperty("code").GetString());
    }
}
