using System.Net.WebSockets;
using System.Text;
using Lethe.Capture;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>What a WebSocket's capture holds: memory, within the bound of all captures, and, where it is asked to, the end of a call until that is on disk.</summary>
public sealed class SocketHoldingTests
{
    private const string Create = """{"type":"response.create","model":"gpt-5.5","input":[]}""";
    private const string Created = """{"type":"response.created","response":{"id":"resp_1","model":"gpt-5.5"}}""";
    private const string Delta = """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hi."}""";
    private const string Completed = """{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"gpt-5.5","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi."}]}],"usage":{"input_tokens":1,"output_tokens":1}}}""";

    [Fact]
    public async Task The_end_of_a_call_waits_for_the_disk_and_what_is_before_it_does_not()
    {
        var asked = new TaskCompletionSource();
        var durable = new TaskCompletionSource();
        await using var relay = await SocketRelay.StartAsync("/v1/responses", AnswerAsync, adjust: setup => setup.WhenDurable = _ =>
        {
            asked.TrySetResult();
            return new ValueTask(durable.Task);
        });
        await relay.SayAsync(Create);

        Assert.Equal((Created, Delta), (await relay.HearAsync(), await relay.HearAsync()));
        await relay.SayAsync(Create);
        var end = relay.HearAsync();
        await asked.Task.WaitAsync(relay.Patience);
        Assert.False(end.IsCompleted);

        durable.SetResult();
        Assert.Equal(Completed, await end);
        Assert.Equal(Ending.Completed, (await relay.Door.CapturedAsync()).Ending);
    }

    [Fact]
    public async Task An_end_that_never_will_be_on_disk_is_not_passed_on()
    {
        await using var relay = await SocketRelay.StartAsync(
            "/v1/responses", AnswerAsync, adjust: setup => setup.WhenDurable = _ => throw new IOException("The disk is gone."));
        await relay.SayAsync(Create);
        Assert.Equal((Created, Delta), (await relay.HearAsync(), await relay.HearAsync()));

        await relay.SayAsync(Create);

        await Assert.ThrowsAnyAsync<WebSocketException>(relay.HearAsync);
    }

    [Fact]
    public async Task Without_memory_the_connection_goes_on_and_the_record_says_what_is_missing()
    {
        var budget = new CaptureBudget(64 * 1024);
        var large = Create.Replace("[]", '"' + new string('x', 100_000) + '"', StringComparison.Ordinal);
        await using var relay = await SocketRelay.StartAsync("/v1/responses", EchoAsync, adjust: setup => setup.Budget = budget);
        foreach (var said in new[] { Create, Completed, Create, large, Completed })
        {
            await relay.SayAsync(said);
            Assert.Equal(said, await relay.HearAsync());
        }

        await relay.Client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", relay.Patience);
        var whole = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        var cut = new ExchangeInterpreter().Interpret(await relay.Door.CapturedAsync());
        var handshake = await relay.Door.CapturedAsync();
        Assert.Equal((Outcome.Completed, "Hi."), (whole.Outcome, whole.Turn!.ReplyText));
        Assert.Equal((Outcome.Incomplete, "memory", true), (cut.Outcome, cut.OutcomeReason, cut.Exchange.Response.Truncated));
        Assert.Equal((101, Ending.Incomplete, "memory", 0L), (handshake.Status, handshake.Ending, handshake.EndingReason, budget.HeldBytes));
    }

    // The end comes when the client has spoken twice, so that what is before it was heard alone.
    private static async Task AnswerAsync(WebSocket socket)
    {
        await SocketRelay.HearAsync(socket);
        await SocketRelay.SayAsync(socket, Created);
        await SocketRelay.SayAsync(socket, Delta);
        await SocketRelay.HearAsync(socket);
        await SocketRelay.SayAsync(socket, Completed);
        await SocketRelay.HearAsync(socket);
    }

    private static async Task EchoAsync(WebSocket socket)
    {
        while (await SocketRelay.HearAsync(socket) is { } said)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(said), WebSocketMessageType.Text, true, CancellationToken.None);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
    }
}
