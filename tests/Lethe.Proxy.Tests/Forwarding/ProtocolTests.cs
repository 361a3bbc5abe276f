using System.Net;
using System.Net.WebSockets;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class ProtocolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("1.1", HttpProtocols.Http1, "HTTP/1.1")]
    [InlineData("2", HttpProtocols.Http2, "HTTP/2")]
    public async Task A_client_may_speak_cleartext_http2_whatever_the_upstream_speaks(string version, HttpProtocols upstream, string atUpstream)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Events("data: 1\n\n", "data: 2\n\n"), upstream);
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Upstreams["anthropic"].HttpVersion = version);
        using var request = Http2(HttpMethod.Post, "/v1/messages");
        request.Content = new StringContent("{}");
        request.Headers.TryAddWithoutValidation("cookie", "a=1");

        using var response = await door.Client.SendAsync(request);

        Assert.Equal((HttpVersion.Version20, "data: 1\n\ndata: 2\n\n"), (response.Version, await response.Content.ReadAsStringAsync()));
        var seen = Assert.Single(api.Requests);
        Assert.Equal((atUpstream, "{}", "a=1"), (seen.Protocol, Encoding.UTF8.GetString(seen.Body), seen.Header("cookie")));
        Assert.Equal("HTTP/2", (await door.CapturedAsync()).HttpVersion);
    }

    [Fact]
    public async Task Trailers_pass_to_an_http2_client()
    {
        await using var api = RawServer.Answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 42\r\n\r\n");
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.SendAsync(Http2(HttpMethod.Get, "/v1/messages"));

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        Assert.Equal(["Trailer"], response.Headers.Select(header => header.Key).Where(name => name != "Date"));
        Assert.All(response.Headers.NonValidated["Date"], date => Assert.NotEqual("", date));
        Assert.Equal("42", Assert.Single(response.TrailingHeaders.GetValues("x-sum")));
        Assert.Equal("42", (await door.CapturedAsync()).ResponseTrailers.First("x-sum"));
    }

    [Fact]
    public async Task Announced_trailers_pass_to_an_http1_client_and_the_connection_lives_on()
    {
        await using var api = RawServer.Answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 42\r\n\r\n");
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n");

            var (head, body, trailers) = await client.ReadMessageAsync();

            Assert.Contains("Trailer: x-sum\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(("ok", "x-sum: 42\r\n"), (Encoding.ASCII.GetString(body), trailers));
            Assert.Equal("42", (await door.CapturedAsync()).ResponseTrailers.First("x-sum"));
        }
    }

    [Fact]
    public async Task Expect_100_continue_waits_for_the_upstream()
    {
        using var gate = new SemaphoreSlim(0);
        await using var api = new RawServer(async connection =>
        {
            var head = await connection.ReadUntilAsync("\r\n\r\n");
            Assert.Contains("Expect: 100-continue", head, StringComparison.OrdinalIgnoreCase);
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.ReadUntilAsync("hello");
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 100", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await client.SendAsync("hello");

        Assert.Equal("ok", Encoding.ASCII.GetString((await client.ReadMessageAsync()).Body));
        Assert.Equal("hello", Encoding.ASCII.GetString((await door.CapturedAsync()).Request.Bytes.Span));
    }

    [Fact]
    public async Task A_refusal_of_the_expectation_comes_back_without_the_body_being_asked_for()
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 Too Large", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_websocket_passes_and_leaves_an_exchange(string version)
    {
        await using var api = await FakeModelApi.StartStreamingAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var frame = new byte[100];
            var got = await socket.ReceiveAsync(frame, CancellationToken.None);
            await socket.SendAsync(frame.AsMemory(0, got.Count), WebSocketMessageType.Text, true, CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = new ClientWebSocket { Options = { HttpVersion = Version.Parse(version), HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var invoker = new HttpMessageInvoker(handler);
        using var patience = new CancellationTokenSource(Patience);
        await client.ConnectAsync(new Uri(door.Address.Replace("http:", "ws:", StringComparison.Ordinal) + "/v1/responses"), invoker, patience.Token);

        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, patience.Token);
        var echo = new byte[100];
        var count = (await client.ReceiveAsync(echo, patience.Token)).Count;
        await client.ReceiveAsync(echo.AsMemory(count), patience.Token);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", patience.Token);

        Assert.Equal("hello", Encoding.ASCII.GetString(echo, 0, count));
        var exchange = await door.CapturedAsync();
        Assert.Equal((101, "openai", Ending.Completed), (exchange.Status, exchange.Upstream, exchange.Ending));
    }

    [Theory]
    [InlineData("HEAD", "200 OK\r\nContent-Length: 12", "Content-Length: 12")]
    [InlineData("GET", "204 No Content\r\nx-a: 1", "x-a: 1")]
    [InlineData("GET", "304 Not Modified\r\nETag: \"e\"", "ETag: \"e\"")]
    [InlineData("GET", "307 Temporary Redirect\r\nLocation: http://elsewhere/\r\nContent-Length: 0", "Location: http://elsewhere/")]
    [InlineData("GET", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0", "Transfer-Encoding: chunked")]
    public async Task Answers_without_a_body_pass_as_they_are(string method, string answer, string line)
    {
        await using var api = RawServer.Answering("HTTP/1.1 " + answer + "\r\n\r\n");
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync(method + " /v1/messages HTTP/1.1\r\nHost: lethe\r\nConnection: close\r\n\r\n");

        var head = (await client.ReadToEndAsync()).Split("\r\n\r\n")[0];

        Assert.StartsWith("HTTP/1.1 " + answer.Split("\r\n")[0], head, StringComparison.Ordinal);
        Assert.Contains(line, head.Split("\r\n"), StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("Date:", head, StringComparison.Ordinal);
        Assert.Equal(Ending.Completed, (await door.CapturedAsync()).Ending);
    }

    private static HttpRequestMessage Http2(HttpMethod method, string path) =>
        new(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
}
