using System.Net;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class PassingThroughTests
{
    [Fact]
    public async Task A_call_passes_whole_and_leaves_one_exchange()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("""{"id":"msg_1"}"""));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages?beta=true") { Content = new StringContent("""{"model":"m"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("x-api-key", "k");

        using var response = await door.Client.SendAsync(request);

        Assert.Equal("""{"id":"msg_1"}""", await response.Content.ReadAsStringAsync());
        var seen = Assert.Single(api.Requests);
        Assert.Equal("/v1/messages?beta=true", seen.Target);
        Assert.Equal("""{"model":"m"}""", Encoding.UTF8.GetString(seen.Body));
        Assert.Equal("k", seen.Header("x-api-key"));
        Assert.Equal(new Uri(api.Address).Authority, seen.Header("host"));
        var exchange = await door.CapturedAsync();
        Assert.Equal(("POST", "/v1/messages", "?beta=true", "anthropic", "anthropic"), (exchange.Method, exchange.Path, exchange.Query, exchange.Upstream, exchange.Provider));
        Assert.Equal((200, Ending.Completed, new Uri(api.Address).Authority), (exchange.Status, exchange.Ending, exchange.UpstreamHost));
        Assert.Equal("""{"model":"m"}""", Encoding.UTF8.GetString(exchange.Request.Bytes.Span));
        Assert.Equal("""{"id":"msg_1"}""", Encoding.UTF8.GetString(exchange.Response.Bytes.Span));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("""{"id":"msg_1"}"""u8)), exchange.Response.Sha256);
        Assert.NotNull(exchange.TimeToFirstByte);
    }

    [Fact]
    public async Task Nothing_is_added_to_the_request_and_what_is_ours_is_removed()
    {
        var heads = new List<string>();
        await using var api = new RawServer(async connection =>
        {
            heads.Add((await connection.ReadRequestAsync()).Head);
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await Raw(door);
        await client.SendAsync("POST /anthropic/v1/messages HTTP/1.1\r\nHost: lethe\r\nX-Odd: a\u00ff b\r\nx-lethe-cwd: /home\r\nX-Tapes-Harness-Id: h\r\n"
            + "Connection: x-hop\r\nx-hop: 1\r\nContent-Length: 2\r\nAccept-Encoding: gzip, br, zstd\r\n\r\nhi");

        await client.ReadUntilAsync("\r\n\r\nok");

        var lines = Assert.Single(heads).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.OrdinalIgnoreCase);
        Assert.Equal(
            ["Accept-Encoding: gzip, br, zstd", "Content-Length: 2", "Host: " + new Uri(api.Address).Authority, "POST /v1/messages HTTP/1.1", "X-Odd: a\u00ff b"],
            lines);
        var exchange = await door.CapturedAsync();
        Assert.Equal("/home", exchange.RequestHeaders.First("x-lethe-cwd"));
    }

    [Fact]
    public async Task A_response_head_arrives_as_it_was_sent()
    {
        await using var api = RawServer.Answering("HTTP/1.1 429 Slow Down Please\r\nSet-Cookie: a=1; Path=/\r\nRetry-After: 7\r\nSet-Cookie: b=2\r\nX-Multi: one\r\nX-Multi: two\r\n"
            + "Strict-Transport-Security: max-age=1\r\nAlt-Svc: h3=\":443\"\r\nX-Bytes: \u00e9\r\nServer: vendor\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}");
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await Raw(door);
        await client.SendAsync("GET /v1/models HTTP/1.1\r\nHost: lethe\r\nConnection: close\r\n\r\n");

        var answer = await client.ReadToEndAsync();

        var lines = answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Split("\r\n");
        Assert.Equal("HTTP/1.1 429 Slow Down Please", lines[0]);
        Assert.Equal(
            ["Alt-Svc: h3=\":443\"", "Connection: close", "Content-Length: 2", "Content-Type: application/json", "Retry-After: 7", "Server: vendor", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2", "Strict-Transport-Security: max-age=1", "X-Bytes: \u00e9", "X-Multi: one", "X-Multi: two"],
            lines[1..].Order(StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/anthropic/v1/a%2Fb/%7Ec//d/../e?x=%2f&y=a+b&z", "/v1/a%2Fb/%7Ec//d/../e?x=%2f&y=a+b&z")]
    [InlineData("/ANTHROPIC?q", "/?q")]
    [InlineData("/anthropic", "/")]
    [InlineData("http://lethe/anthropic/v1/messages", "/v1/messages")]
    [InlineData("/%61nthropic/v1/messages", "/v1/messages")]
    public async Task The_target_keeps_its_encoding(string target, string atUpstream)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await Raw(door);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: lethe\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await client.ReadToEndAsync(), StringComparison.Ordinal);

        Assert.Equal(atUpstream, Assert.Single(api.Requests).Target);
    }

    internal static Task<RawConnection> Raw(ForwardingDoor door) => RawConnection.OpenAsync(door.Address, new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
}
