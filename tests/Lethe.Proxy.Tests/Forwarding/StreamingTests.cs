using System.Net;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class StreamingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_event_arrives_while_the_upstream_holds_the_next_one_back()
    {
        using var gate = new SemaphoreSlim(0);
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            for (var i = 0; i < 20; i++)
            {
                await gate.WaitAsync(Patience);
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
            }
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent("{}") };

        // The head comes before the first event is let go.
        using var response = await door.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64];
        for (var i = 0; i < 20; i++)
        {
            gate.Release();
            var expected = $"data: {i}\n\n";
            await body.ReadExactlyAsync(buffer.AsMemory(0, expected.Length)).AsTask().WaitAsync(Patience);
            Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, expected.Length));
        }

        Assert.Equal(0, await body.ReadAsync(buffer));
        var exchange = await door.CapturedAsync();
        Assert.Equal(string.Concat(Enumerable.Range(0, 20).Select(i => $"data: {i}\n\n")), Encoding.UTF8.GetString(exchange.Response.Bytes.Span));
    }

    [Fact]
    public async Task A_hundred_thousand_events_pass_and_are_kept()
    {
        var line = Encoding.UTF8.GetBytes("data: {\"delta\":\"abcdefgh\"}\n\n");
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                await context.Response.Body.WriteAsync(line);
            }
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        var answer = await door.Client.GetByteArrayAsync("/v1/messages");

        Assert.Equal(100_000 * line.Length, answer.Length);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.Completed, (long)answer.Length, false), (exchange.Ending, exchange.Response.WireBytes, exchange.Response.Truncated));
        Assert.True(exchange.Response.Bytes.Span.SequenceEqual(answer));
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n")]
    [InlineData("Content-Length: 100\r\n\r\ndata: 1\n")]
    public async Task A_cut_stream_is_cut_for_the_client_too_and_keeps_what_was_heard(string answer)
    {
        await using var api = RawServer.Answering("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + answer);
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}");

        var seen = await client.ReadToEndAsync();

        Assert.Contains("data: 1\n", seen, StringComparison.Ordinal);
        Assert.False(seen.EndsWith("0\r\n\r\n", StringComparison.Ordinal), "the stream must not look finished");
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.UpstreamAborted, 200), (exchange.Ending, exchange.Status));
        Assert.Equal("data: 1\n", Encoding.UTF8.GetString(exchange.Response.Bytes.Span));
        Assert.NotNull(exchange.TransportError);
    }

    [Fact]
    public async Task A_reset_by_the_upstream_is_not_taken_for_the_end_of_an_answer_without_a_length()
    {
        var heard = new TaskCompletionSource();
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\ndata: 1\n");
            await heard.Task.WaitAsync(Patience);
            connection.Reset();
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n");
        await client.ReadUntilAsync("data: 1\n");

        heard.SetResult();

        Assert.False((await client.ReadToEndAsync()).EndsWith("0\r\n\r\n", StringComparison.Ordinal), "the stream must not look finished");
        Assert.Equal(Ending.UpstreamAborted, (await door.CapturedAsync()).Ending);
    }

    [Fact]
    public async Task An_answer_without_a_length_ends_with_its_connection()
    {
        await using var api = RawServer.Answering("HTTP/1.1 200 OK\r\n\r\ndata: 1\n");
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        Assert.Equal("data: 1\n", await door.Client.GetStringAsync("/v1/messages"));

        Assert.Equal(Ending.Completed, (await door.CapturedAsync()).Ending);
    }

    [Fact]
    public async Task A_request_that_its_client_cuts_is_an_attempt_of_the_client()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("{}"));
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
        await client.ReadUntilAsync("100 Continue\r\n\r\n");
        await client.SendAsync("{\"half\":");

        client.Reset();

        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.ClientAborted, null), (exchange.Ending, exchange.Status));
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_client_that_goes_while_it_is_told_of_a_failure_is_recorded()
    {
        await using var door = await ForwardingDoor.StartAsync("http://127.0.0.1:1", setup => setup.Services.Add(services => services.AddSingleton<IStartupFilter, GoneClient>()));

        await Assert.ThrowsAsync<HttpRequestException>(() => door.Client.PostAsync("/v1/messages", new StringContent("{}")));

        Assert.Equal(Ending.NoResponse, (await door.CapturedAsync()).Ending);
    }

    [Fact]
    public async Task A_silent_upstream_is_given_up_after_the_activity_timeout()
    {
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Forwarding.ActivityTimeoutSeconds = 1);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n");

        await client.ReadToEndAsync();

        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.UpstreamAborted, "idle_timeout"), (exchange.Ending, exchange.EndingReason));
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_the_upstream()
    {
        var cancelled = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await cancelled.Task.WaitAsync(Patience);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: lethe\r\nContent-Length: 2\r\n\r\n{}");
        await client.ReadUntilAsync("data: 1\n\n");

        client.Reset();

        await cancelled.Task.WaitAsync(Patience);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.ClientAborted, 200), (exchange.Ending, exchange.Status));
        Assert.Equal("data: 1\n\n", Encoding.UTF8.GetString(exchange.Response.Bytes.Span));
    }

    [Fact]
    public async Task A_client_that_goes_away_before_the_head_leaves_an_attempt()
    {
        var arrived = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            arrived.TrySetResult();
            await cancelled.Task.WaitAsync(Patience);
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n");
        await arrived.Task.WaitAsync(Patience);

        client.Reset();

        await cancelled.Task.WaitAsync(Patience);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.ClientAborted, null), (exchange.Ending, exchange.Status));
    }

    [Fact]
    public async Task An_upstream_that_hangs_up_without_a_word_is_a_502_and_no_response()
    {
        await using var api = new RawServer(connection => connection.ReadRequestAsync());
        await using var door = await ForwardingDoor.StartAsync(api.Address);

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null, "reset"), (exchange.Ending, exchange.Status, exchange.TransportError?.Type));
    }

    [Fact]
    public async Task A_refused_connection_is_a_502_with_a_problem_document()
    {
        await using var door = await ForwardingDoor.StartAsync("http://127.0.0.1:1");

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal((HttpStatusCode.BadGateway, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains("\"code\":\"upstream_unreachable\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var exchange = await door.CapturedAsync();
        Assert.Equal((Ending.NoResponse, null, "connect"), (exchange.Ending, exchange.Status, exchange.TransportError?.Type));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_was_asked_of_an_upstream_that_is_not_there_is_kept_whole(int version)
    {
        await using var door = await ForwardingDoor.StartAsync("http://127.0.0.1:1");
        var question = new byte[300_000];
        new Random(1).NextBytes(question);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = new ByteArrayContent(question),
            Version = new Version(version, version == 1 ? 1 : 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await door.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("upstream_unreachable", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var exchange = await door.CapturedAsync();
        Assert.True(exchange.Request.Bytes.Span.SequenceEqual(question), $"{exchange.Request.WireBytes} bytes");
    }

    [Fact]
    public async Task An_upstream_that_never_answers_is_a_504()
    {
        await using var api = await FakeModelApi.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.Forwarding.ActivityTimeoutSeconds = 1);

        using var response = await door.Client.GetAsync("/v1/messages");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal("timeout", (await door.CapturedAsync()).TransportError?.Type);
    }

    /// <summary>Every write to the client ends as Kestrel ends one when the client goes meanwhile.</summary>
    private sealed class GoneClient : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new GoneStream()));
                await rest(context);
                context.Abort();
            });
            next(app);
        };
    }

    private sealed class GoneStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new OperationCanceledException();
    }
}
