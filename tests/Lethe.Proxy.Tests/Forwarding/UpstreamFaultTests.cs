using System.Net;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>What an upstream does wrong is the upstream's: never a status that blames the client.</summary>
public sealed class UpstreamFaultTests
{
    private const int RefusedStream = 7;
    private const int ProtocolError = 1;
    private const int EnhanceYourCalm = 11;

    [Theory]
    [InlineData("GET", 0)]
    [InlineData("POST", 2)]
    [InlineData("POST", 60_000)]
    [InlineData("POST", 900_000)]
    public async Task A_request_that_an_HTTP2_upstream_refused_untouched_is_sent_again(string method, int length)
    {
        var refused = 0;
        await using var api = await FakeModelApi.StartStreamingAsync(
            async context =>
            {
                if (Interlocked.Exchange(ref refused, 1) == 0)
                {
                    context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(RefusedStream);
                    return;
                }

                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                await context.Response.WriteAsync($"{body.Length}");
            },
            HttpProtocols.Http2);
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Upstreams["anthropic"].HttpVersion = "2");
        for (var i = 0; i < 5; i++)
        {
            refused = 0;
            using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/messages") { Content = length == 0 ? null : new ByteArrayContent(new byte[length]) };

            using var response = await door.Client.SendAsync(request);

            Assert.Equal((HttpStatusCode.OK, $"{length}"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
            var exchange = await door.CapturedAsync();
            Assert.Equal((Ending.Completed, 200, (long)length), (exchange.Ending, exchange.Status, exchange.Request.WireBytes));
        }
    }

    [Theory]
    [InlineData(RefusedStream, 3_000_000)]
    [InlineData(RefusedStream, 2)]
    [InlineData(ProtocolError, 2)]
    [InlineData(ProtocolError, 300_000)]
    [InlineData(EnhanceYourCalm, 300_000)]
    public async Task A_request_that_an_HTTP2_upstream_does_not_take_is_a_502(int code, int length)
    {
        await using var api = await FakeModelApi.StartStreamingAsync(
            context =>
            {
                context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Upstreams["anthropic"].HttpVersion = "2");

        using var response = await door.Client.PostAsync("/v1/messages", new ByteArrayContent(new byte[length]));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null), (exchange.Ending, exchange.Status));
        Assert.NotNull(exchange.TransportError);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nX-Bad: a\u0001b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nbroken line\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    public async Task A_head_that_cannot_be_passed_on_is_a_502_that_says_so(string answer)
    {
        await using var api = RawServer.Answering(answer);
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal((HttpStatusCode.BadGateway, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains("\"code\":\"upstream_protocol_error\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("X-Bad"));
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null, "protocol"), (exchange.Ending, exchange.Status, exchange.TransportError?.Type));
    }

    [Theory]
    [InlineData("/gateway/../admin")]
    [InlineData("/v1/%2e%2e/%2E%2E/admin")]
    [InlineData("/v1/..%2f..%2fadmin")]
    [InlineData("/v1/%252e%252e/admin")]
    [InlineData("/v1/..;x=1/admin")]
    [InlineData("/v1/..%5cadmin")]
    [InlineData("/v1/./messages")]
    public async Task A_path_cannot_lead_out_of_an_upstreams_base_path(string path)
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(setup => setup.Options.Upstreams["house"] = new UpstreamOptions { Address = api.Address + "/gateway" });
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync($"GET /house{path} HTTP/1.1\r\nHost: lethe\r\nConnection: close\r\n\r\n");

        var answer = await client.ReadToEndAsync();

        Assert.Matches("^HTTP/1.1 40[04] ", answer);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task Dots_in_names_are_no_dot_segments()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(setup => setup.Options.Upstreams["house"] = new UpstreamOptions { Address = api.Address + "/gateway" });

        using var response = await door.Client.GetAsync("/house/v1/models/gpt-4.1..preview?path=../x");

        Assert.Equal("/gateway/v1/models/gpt-4.1..preview?path=../x", Assert.Single(api.Requests).Target);
    }

    [Fact]
    public async Task An_absolute_form_whose_host_nobody_judged_is_misdirected()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET http://other.example/v1/messages HTTP/1.0\r\nx-api-key: k\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 421", await client.ReadToEndAsync(), StringComparison.Ordinal);

        Assert.Empty(api.Requests);
    }

    [Theory]
    [InlineData("HEAD", "/anthropic", "/")]
    [InlineData("HEAD", "/anthropic/", "/")]
    [InlineData("HEAD", "/anthropic/api/hello", "/api/hello")]
    [InlineData("HEAD", "/api/hello", "/api/hello")]
    [InlineData("OPTIONS", "/openai/v1/chat/completions", "/v1/chat/completions")]
    [InlineData("GET", "/openai/ping", "/ping")]
    public async Task Probes_pass_and_leave_an_exchange(string method, string path, string atUpstream)
    {
        await using var api = await FakeModelApi.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await door.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal((method, atUpstream), (Assert.Single(api.Requests).Method, api.Requests[0].Target));
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, 204, method), (exchange.Ending, exchange.Status, exchange.Method));
    }

    [Fact]
    public async Task A_trailer_cannot_end_the_answer()
    {
        var pipe = new System.IO.Pipelines.Pipe();
        var framing = new ChunkedWithTrailers(pipe.Writer);
        framing.Trailers = new HeaderDictionary
        {
            ["x-sum"] = "42",
            ["x-evil"] = "1\r\n\r\nHTTP/1.1 200 OK",
            ["x bad"] = "1",
            ["x-bare"] = "a\nb",
        };

        await framing.EndAsync(CancellationToken.None);
        await pipe.Writer.CompleteAsync();

        using var written = new StreamReader(pipe.Reader.AsStream(), Encoding.Latin1);
        Assert.Equal("0\r\nx-sum: 42\r\n\r\n", await written.ReadToEndAsync());
    }

    [Fact]
    public async Task A_proxys_password_is_told_to_nobody()
    {
        await using var proxy = RawServer.Answering("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var address = proxy.Address.Replace("http://", "http://user:s3cret@", StringComparison.Ordinal);
        await using var door = await ForwardingDoor.StartAsync(
            "https://api.invalid",
            setup => setup.Services.Add(services => services.AddSingleton(new EnvironmentProxy(name => name == "HTTPS_PROXY" ? address : null))));

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var told = await response.Content.ReadAsStringAsync();
        var exchange = await door.CapturedAsync();
        Assert.Equal("proxy", exchange.TransportError?.Type);
        Assert.DoesNotContain("s3cret", told + exchange.TransportError?.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("user", told + exchange.TransportError?.Message, StringComparison.Ordinal);
    }
}
