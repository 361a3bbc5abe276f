using System.Net;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Access;

/// <summary>No web page of another site comes in by any door, by no way in which a browser can send it; whoever is no browser notices nothing.</summary>
public sealed class SiteGuardTests : IAsyncLifetime
{
    private const string Rebound = "attacker.example";

    private FakeModelApi api = null!;
    private LetheUnderTest lethe = null!;

    public async Task InitializeAsync()
    {
        api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.Upstreams["anthropic"] = new() { Address = api.Address };
            options.AllowedHosts = ["lethe", "*.svc.cluster.local"];
        });
    }

    public async Task DisposeAsync()
    {
        await lethe.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData("POST", "Origin: https://attacker.example")]
    [InlineData("POST", "Origin: http://192.0.2.7:4141")]
    [InlineData("POST", "Origin: https://localhost.attacker.example")]
    [InlineData("POST", "Origin: null")]
    [InlineData("POST", "Origin: http://localhost http://attacker.example")]
    [InlineData("POST", "Origin: ://")]
    [InlineData("POST", "Origin: app://attacker.example", "Sec-Fetch-Site: cross-site")]
    [InlineData("OPTIONS", "Origin: https://attacker.example", "Access-Control-Request-Method: POST")]
    [InlineData("GET", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")]
    [InlineData("GET", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")]
    [InlineData("GET", "Origin: https://attacker.example", "Connection: Upgrade", "Upgrade: websocket")]
    public async Task A_page_of_another_site_gets_403_at_every_door(string method, params string[] headers)
    {
        foreach (var door in Doors())
        {
            var (status, code) = await SendAsync(door, method, null, headers);
            Assert.True((status, code) == (HttpStatusCode.Forbidden, "origin_not_allowed"), $"{door}: {status} {code}");
        }

        Assert.Empty(api.Requests);
    }

    [Theory]
    [InlineData(Rebound)]
    [InlineData("localhost.attacker.example")]
    [InlineData("192.0.2.7")]
    [InlineData("lethe.attacker.example")]
    [InlineData("svc.cluster.local.attacker.example")]
    public async Task A_name_that_is_bound_to_our_address_gets_421(string host)
    {
        foreach (var door in (string[])[lethe.Host.Doors.Forwarding, lethe.Host.Doors.Admin])
        {
            Assert.Equal((HttpStatusCode.MisdirectedRequest, "host_not_allowed"), await SendAsync(door, "POST", host));
        }

        // Envoy writes its cluster's name there; a page that has bound its name to this door says so in Origin.
        Assert.Equal((HttpStatusCode.Forbidden, "origin_not_allowed"), await SendAsync(lethe.Host.Doors.ExtProc!, "POST", host, "Origin: http://" + Rebound));
        Assert.Empty(api.Requests);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("127.0.0.1:4141")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1")]
    [InlineData("[::1]:4141")]
    [InlineData("lethe:4142")]
    [InlineData("lethe.default.svc.cluster.local:4141")]
    [InlineData(null, "Origin: http://localhost:3000", "Sec-Fetch-Site: cross-site")]
    [InlineData(null, "Origin: http://127.0.0.1:4142", "Sec-Fetch-Site: same-origin")]
    [InlineData(null, "Origin: http://lethe:4142")]
    [InlineData(null, "Origin: vscode-webview://0a1b2c")]
    [InlineData(null, "Sec-Fetch-Site: none")]
    public async Task Agents_and_pages_of_this_machine_are_answered(string? host, params string[] headers)
    {
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(lethe.Host.Doors.Forwarding, "POST", host, headers)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(lethe.Host.Doors.Admin, "GET", host, headers)).Status);
    }

    [Fact]
    public async Task A_name_without_a_dot_means_a_machine_and_may_forward_but_not_read()
    {
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(lethe.Host.Doors.Forwarding, "POST", "recorder:4141")).Status);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await SendAsync(lethe.Host.Doors.Admin, "GET", "recorder:4142")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(lethe.Host.Doors.Forwarding, "POST", "recorder:4141", "Origin: http://recorder:4141")).Status);
    }

    [Fact]
    public async Task A_link_from_elsewhere_opens_the_page_and_nothing_else()
    {
        string[] link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(lethe.Host.Doors.Admin, "GET", null, link)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(lethe.Host.Doors.Admin, "POST", null, link)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(lethe.Host.Doors.Forwarding, "GET", null, link)).Status);
        Assert.Empty(api.Requests);
    }

    private IEnumerable<string> Doors() => [lethe.Host.Doors.Forwarding, lethe.Host.Doors.Admin, lethe.Host.Doors.ExtProc!];

    private async Task<(HttpStatusCode Status, string? Code)> SendAsync(string door, string method, string? host, params string[] headers)
    {
        var isExtProc = door == lethe.Host.Doors.ExtProc;
        var path = isExtProc ? "/envoy.service.ext_proc.v3.ExternalProcessor/Process" : door == lethe.Host.Doors.Admin ? "/v1/sessions" : "/anthropic/v1/messages";
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), door + path)
        {
            Version = isExtProc ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = host;
        if (method == "POST")
        {
            request.Content = new StringContent("{}");
        }

        foreach (var header in headers.Where(header => !(isExtProc && header.Contains("pgrade", StringComparison.Ordinal))))
        {
            var parts = header.Split(": ", 2);
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        using var response = await client.SendAsync(request);
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return (response.StatusCode, isProblem ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString() : null);
    }
}
