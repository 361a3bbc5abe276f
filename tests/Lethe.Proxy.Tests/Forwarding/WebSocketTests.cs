using System.Net;
using System.Net.WebSockets;
using System.Text;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>The model calls inside a WebSocket of the Responses API, between a real client and a real server.</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_call_in_a_connection_is_an_exchange_of_its_own(bool? serverTakesOver)
    {
        await using var relay = await SocketRelay.StartAsync("/v1/responses", Answer, options =>
        {
            options.SetRequestHeader("Authorization", "Bearer sk-the-secret-of-the-handshake");
            options.DangerousDeflateOptions = serverTakesOver is null ? null : new WebSocketDeflateOptions();
        }, serverTakesOver);

        foreach (var said in new[] { Create("warm", "\"generate\":false"), Create("first", "\"previous_response_id\":\"resp_warm\""), Create("second", "\"previous_response_id\":\"resp_first\"") })
        {
            await relay.SayAsync(said);
            while (await relay.HearAsync() is { } heard && !heard.Contains("response.completed", StringComparison.Ordinal))
            {
            }
        }

        await relay.Client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", relay.Patience);
        var warm = await relay.Door.CapturedAsync();
        var first = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        var second = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        var handshake = await relay.Door.CapturedAsync();

        Assert.Equal(Operation.Other, new ExchangeInterpreter().Interpret(warm).Turn!.Operation);
        Assert.Equal((true, Outcome.Completed, "resp_first", "resp_warm", "you said first"), (first.IsTurn, first.Outcome, first.Turn!.ResponseId, first.Turn.PreviousResponseId, first.Turn.ReplyText));
        Assert.Equal((true, Outcome.Completed, "resp_second", "resp_first", "you said second"), (second.IsTurn, second.Outcome, second.Turn!.ResponseId, second.Turn.PreviousResponseId, second.Turn.ReplyText));
        Assert.Equal((7L, 3L, 5L), (second.Turn.Usage!.Input, second.Turn.Usage.CacheRead, second.Turn.Usage.Output));
        Assert.Equal(Create("second", "\"previous_response_id\":\"resp_first\""), Encoding.UTF8.GetString(second.Exchange.Request.Bytes.Span));
        Assert.All(new[] { warm, first.Exchange, second.Exchange }, one => Assert.Equal(handshake.Id.ToString(), one.Attributes[CapturedExchange.ConnectionAttribute]));
        Assert.Equal((101, Ending.Completed), (handshake.Status, handshake.Ending));
    }

    [Fact]
    public async Task A_call_that_its_upstream_closes_on_is_told_with_the_code_and_the_code_reaches_the_client()
    {
        await using var relay = await SocketRelay.StartAsync("/v1/responses", async socket =>
        {
            await SocketRelay.HearAsync(socket);
            await SocketRelay.SayAsync(socket, """{"type":"response.created","response":{"id":"resp_1","status":"in_progress","model":"gpt-5.5"}}""");
            await socket.CloseAsync(WebSocketCloseStatus.InternalServerError, "out of order", CancellationToken.None);
        });
        await relay.SayAsync(Create("hi"));
        await relay.HearAsync();

        Assert.Null(await relay.HearAsync());
        Assert.Equal((WebSocketCloseStatus.InternalServerError, "out of order"), (relay.Client.CloseStatus, relay.Client.CloseStatusDescription));
        await relay.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", relay.Patience);
        var told = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        Assert.Equal((Outcome.UpstreamAborted, "close_1011", "resp_1"), (told.Outcome, told.OutcomeReason, told.Turn!.ResponseId));
    }

    [Fact]
    public async Task A_client_that_is_gone_leaves_a_call_without_its_end()
    {
        await using var relay = await SocketRelay.StartAsync("/v1/responses", async socket =>
        {
            await SocketRelay.HearAsync(socket);
            await SocketRelay.SayAsync(socket, """{"type":"response.created","response":{"id":"resp_1","status":"in_progress","model":"gpt-5.5"}}""");
            await Assert.ThrowsAnyAsync<Exception>(() => SocketRelay.HearAsync(socket));
        });
        await relay.SayAsync(Create("hi"));
        await relay.HearAsync();

        relay.Client.Abort();

        var told = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        Assert.Contains(told.Outcome, new[] { Outcome.ClientAborted, Outcome.Incomplete });
        Assert.Equal("resp_1", told.Turn!.ResponseId);
    }

    [Fact]
    public async Task Lanes_are_told_apart_and_an_error_ends_its_own_call_only()
    {
        await using var relay = await SocketRelay.StartAsync("/v1/responses", async socket =>
        {
            await SocketRelay.HearAsync(socket);
            await SocketRelay.HearAsync(socket);
            foreach (var line in new[]
            {
                """{"type":"response.created","stream_id":"b","response":{"id":"resp_b","model":"gpt-5.5"}}""",
                """{"type":"response.created","stream_id":"a","response":{"id":"resp_a","model":"gpt-5.5"}}""",
                """{"type":"error","stream_id":"a","status":429,"error":{"type":"rate_limit_exceeded","code":"slow_down","message":"Slow down."}}""",
                """{"type":"response.completed","stream_id":"b","response":{"id":"resp_b","status":"completed","model":"gpt-5.5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]}],"usage":{"input_tokens":1,"output_tokens":1}}}""",
            })
            {
                await SocketRelay.SayAsync(socket, line);
            }

            await SocketRelay.HearAsync(socket);
        });

        await relay.SayAsync(Create("a", "\"stream_id\":\"a\""));
        await relay.SayAsync(Create("b", "\"stream_id\":\"b\""));
        var a = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        var b = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());

        Assert.Equal((Outcome.UpstreamError, "rate_limit_exceeded", "resp_a"), (a.Outcome, a.OutcomeReason, a.Turn!.ResponseId));
        Assert.Equal((Outcome.Completed, "resp_b", "b"), (b.Outcome, b.Turn!.ResponseId, b.Turn.ReplyText));
    }

    [Fact]
    public async Task Frames_that_nobody_can_read_pass_all_the_same()
    {
        await using var api = new RawServer(async connection =>
        {
            await connection.ReadUntilAsync("\r\n\r\n");
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u007fnobody reads this\r\n");
            await connection.SendAsync(await connection.ReadUntilAsync("end"));
        });
        await using var door = await ForwardingDoor.StartAsync(api.Address);
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/responses HTTP/1.1\r\nHost: lethe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        await client.ReadUntilAsync("reads this\r\n");

        await client.SendAsync("\u007f\u007f\u007f and the end");

        Assert.EndsWith("\u007f\u007f\u007f and the end", await client.ReadUntilAsync("end"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_websockets_are_answered_with_426_and_plain_calls_pass()
    {
        await using var api = RawServer.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Options.WebSockets.Mode = "refuse");
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/responses HTTP/1.1\r\nHost: lethe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 426 Upgrade Required", await client.ReadUntilAsync("websockets_refused"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await door.Client.GetAsync(new Uri("/v1/responses/resp_1", UriKind.Relative))).StatusCode);
    }

    private static string Create(string text, string more = "\"store\":false") =>
        $$"""{"type":"response.create","model":"gpt-5.5",{{more}},"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"{{text}}"}]}]}""";

    private static async Task Answer(WebSocket socket)
    {
        while (await SocketRelay.HearAsync(socket) is { } asked)
        {
            var word = new[] { "warm", "first", "second" }.Single(word => asked.Contains($"\"text\":\"{word}\"", StringComparison.Ordinal));
            await SocketRelay.SayAsync(socket, $$$"""{"type":"response.created","response":{"id":"resp_{{{word}}}","status":"in_progress","model":"gpt-5.5"}}""");
            var output = word == "warm" ? "" : $$"""{"type":"message","role":"assistant","content":[{"type":"output_text","text":"you said {{word}}"}]}""";
            await SocketRelay.SayAsync(socket, $$$"""{"type":"response.completed","response":{"id":"resp_{{{word}}}","status":"completed","model":"gpt-5.5","output":[{{{output}}}],"usage":{"output_tokens":5,"input_tokens_details":{"cached_tokens":3},"input_tokens":10 } } }""");
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
    }
}
