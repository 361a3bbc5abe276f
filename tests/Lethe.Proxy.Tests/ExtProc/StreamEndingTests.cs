using Google.Protobuf.WellKnownTypes;
using Lethe.Capture.Exchanges;
using Lethe.Envoy;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>What the record says of a call, whichever way its stream came to an end.</summary>
public sealed class StreamEndingTests
{
    public static TheoryData<int, int> Resets()
    {
        var all = new TheoryData<int, int>();
        for (var phase = 0; phase <= 6; phase++)
        {
            foreach (var code in new[] { Http2Connection.NoError, Http2Connection.InternalError, Http2Connection.Cancel })
            {
                all.Add(phase, code);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Resets))]
    public async Task A_reset_keeps_what_was_heard_whenever_it_comes(int phase, int code)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await SendAsync(stream, phase);
        await stream.ResetAsync(code);
        await world.IdleAsync();
        Judge(world, phase);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_cut_connection_keeps_what_was_heard(int phase)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        await SendAsync(await connection.StartAsync(ExtProcDoor.ProcessPath), phase);
        connection.Cut();
        await world.IdleAsync();
        Judge(world, phase);
    }

    [Fact]
    public async Task A_stream_that_says_nothing_leaves_no_record()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.HalfCloseAsync();
        Assert.Equal(0, (await stream.EndAsync()).Status);
        await world.IdleAsync();
        Assert.Equal(0, world.Begun);
    }

    [Theory]
    [InlineData("upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", 503, "connect")]
    [InlineData("upstream_reset_before_response_started{connection_termination}", 503, "reset")]
    [InlineData("response_timeout", 504, "timeout")]
    [InlineData("no_healthy_upstream", 503, "no_upstream")]
    [InlineData("request_payload_too_large", 413, "too_large")]
    [InlineData("direct_response", 451, "local_reply")]
    public async Task Envoys_own_reply_is_told_from_the_upstreams_by_its_details(string details, int status, string type)
    {
        var captured = await CallAsync(
            Messages.ResponseHeaders(status, false, ("content-type", "text/plain")).Telling(("response.code_details", Value.ForString(details))),
            Messages.ResponseBody("x", end: true));
        Assert.Equal((Ending.NoResponse, "local_reply", status), (captured.Ending, captured.EndingReason, captured.Status));
        Assert.Equal(new TransportError(type, details), captured.TransportError);
    }

    [Theory]
    [InlineData("via_upstream", 503, "text/plain", Ending.Completed)]
    [InlineData(null, 503, "text/plain", Ending.NoResponse)]
    [InlineData(null, 503, "application/json", Ending.Completed)]
    [InlineData(null, 200, "text/plain", Ending.Completed)]
    public async Task Without_details_only_the_looks_of_a_reply_are_left(string? details, int status, string contentType, Ending ending)
    {
        var headers = Messages.ResponseHeaders(status, false, ("content-type", contentType));
        var captured = await CallAsync(details is null ? headers : headers.Telling(("response.code_details", Value.ForString(details))), Messages.ResponseBody("x", end: true));
        Assert.Equal(ending, captured.Ending);
    }

    [Theory]
    [InlineData("5", Ending.Completed, null)]
    [InlineData("6", Ending.Incomplete, "end_not_seen")]
    public async Task An_announced_length_that_has_been_seen_is_an_end(string length, Ending ending, string? reason)
    {
        var captured = await CallAsync(Messages.ResponseHeaders(200, false, ("content-length", length), ("content-type", "a/b")), Messages.ResponseBody("12345"));
        Assert.Equal((ending, reason), (captured.Ending, captured.EndingReason));
    }

    [Fact]
    public async Task A_body_cut_at_the_buffer_limit_is_truncated()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.BufferedPartial, BodyMode.BufferedPartial));
        await stream.SendAsync(Messages.RequestBody("first part of more"));
        await stream.SendAsync(Messages.ResponseHeaders());
        await stream.SendAsync(Messages.ResponseBody("whole", end: true));
        await stream.HalfCloseAsync();
        var captured = await world.NextAsync();
        Assert.Equal((true, false, Ending.Completed), (captured.Request.Truncated, captured.Response.Truncated, captured.Ending));
    }

    [Fact]
    public async Task The_head_is_what_the_client_sent_and_the_attributes_are_kept()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        var headers = Messages.RequestHeaders(true, "/anthropic/v1/messages?beta=true", "POST", ("x-dup", "1"), ("x-dup", "2"), ("x-lethe-commit-key", "key-1"))
            .Telling(("request.id", Value.ForString("r-1")), ("request.protocol", Value.ForString("HTTP/2")), ("xds.route_name", Value.ForString("all")));
        headers.RequestHeaders.Headers.Headers.Add(new HeaderValue { Key = "x-plain", Value = "in value" });
        headers.RequestHeaders.Headers.Headers.Add(new HeaderValue { Key = "x-latin", RawValue = Google.Protobuf.ByteString.CopyFrom(0x66, 0xFC) });
        headers.MetadataContext.FilterMetadata["io.gateway"] = new Struct { Fields = { ["model"] = Value.ForString("m") } };
        await stream.SendAsync(headers);
        await stream.SendAsync(Messages.ResponseHeaders(200, true).Telling(("response.flags", Value.ForNumber(32)), ("upstream.address", Value.ForString("10.0.0.1:443"))));
        var captured = await world.NextAsync();

        Assert.Equal(("POST", "/v1/messages", "?beta=true", "anthropic", "anthropic"), (captured.Method, captured.Path, captured.Query, captured.Upstream, captured.Provider));
        Assert.Equal(("key-1", "HTTP/2", "api.test", Door.ExtProc), (captured.CommitKey, captured.HttpVersion, captured.UpstreamHost, captured.Door));
        Assert.Equal(["host", "x-dup", "x-dup", "x-lethe-commit-key", "x-plain", "x-latin"], captured.RequestHeaders.Select(header => header.Name));
        Assert.Equal(["in value", "f\u00FC"], captured.RequestHeaders.Skip(4).Select(header => header.Value));
        Assert.Equal("r-1 all 32 10.0.0.1:443 m", string.Join(' ', new[] { "request.id", "xds.route_name", "response.flags", "upstream.address", "metadata.io.gateway.model" }.Select(name => captured.Attributes[name])));
    }

    [Theory]
    [InlineData("/v1/messages", "api.anthropic.com", "anthropic", "anthropic", "/v1/messages")]
    [InlineData("/openai/v1/responses", "gateway", "openai", "openai", "/v1/responses")]
    [InlineData("/v1/chat/completions", "vllm.local", null, "openai", "/v1/chat/completions")]
    [InlineData("/anthropicish/x", null, null, null, "/anthropicish/x")]
    [InlineData("", null, null, null, "")]
    public void A_call_is_placed_by_host_then_prefix_then_shape(string path, string? authority, string? upstream, string? provider, string stripped) =>
        Assert.Equal(new CallRoute(upstream, provider, stripped), new CallRoutes(Upstream.From(new LetheOptions())).Find(path, authority));

    [Fact]
    public async Task A_filter_that_skips_the_request_still_leaves_a_record()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.ResponseHeaders().In(BodyMode.None, BodyMode.Streamed).Telling(("request.path", Value.ForString("/v1/messages")), ("request.method", Value.ForString("POST"))));
        await stream.SendAsync(Messages.ResponseBody("ok", end: true));
        await stream.HalfCloseAsync();
        var captured = await world.NextAsync();
        Assert.Equal(("POST", "/v1/messages", 200, Ending.Completed), (captured.Method, captured.Path, captured.Status, captured.Ending));
    }

    private static async Task<CapturedExchange> CallAsync(params ProcessingRequest[] response)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders(end: true).Watching());
        foreach (var message in response)
        {
            await stream.SendAsync(message.Watching());
        }

        await stream.HalfCloseAsync();
        return await world.NextAsync();
    }

    private static async Task SendAsync(GrpcStream stream, int phase)
    {
        ProcessingRequest[] messages =
        [
            Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed),
            Messages.RequestBody("q"),
            Messages.RequestBody("q", end: true),
            Messages.ResponseHeaders(),
            Messages.ResponseBody("a"),
            Messages.ResponseBody("a", end: true),
        ];
        foreach (var message in messages.Take(phase))
        {
            await stream.SendAsync(message);
            Assert.NotNull(await stream.ReadAnswerAsync());
        }
    }

    private static void Judge(ExtProcWorld world, int phase)
    {
        Assert.Equal(phase == 0 ? 0 : 1, world.Begun);
        if (phase == 0)
        {
            return;
        }

        Assert.True(world.TryNext(out var captured));
        Assert.Equal(phase < 4 ? Ending.NoResponse : phase < 6 ? Ending.Incomplete : Ending.Completed, captured!.Ending);
        Assert.Equal((Math.Clamp(phase - 1, 0, 2), Math.Clamp(phase - 4, 0, 2)), ((int)captured.Request.WireBytes, (int)captured.Response.WireBytes));
    }
}
