using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;

namespace Lethe.Capture.Tests.Sockets;

/// <summary>Frames in, exchanges out.</summary>
public sealed class SocketCaptureTests
{
    private const string Create = """{"type":"response.create","model":"gpt-5.5","input":[]}""";
    private const string Created = """{"type":"response.created","response":{"id":"resp_1"}}""";
    private const string Completed = "{\"type\":\"response.completed\",\r\n\"response\":{\"id\":\"resp_1\",\"status\":\"completed\"}}";

    private readonly List<CapturedExchange> ended = [];

    [Fact]
    public void Frames_split_anywhere_are_the_same_messages()
    {
        byte[] client = [.. Frame.Of(0x01, Encoding.UTF8.GetBytes(Create[..20]), true), .. Frame.Of(0x89, [1, 2, 3], true), .. Frame.Of(0x00, Encoding.UTF8.GetBytes(Create[20..30]), true), .. Frame.Of(0x80, Encoding.UTF8.GetBytes(Create[30..]), true)];
        byte[] server = [.. Frame.Text(Created), .. Frame.Of(0xC1, Frame.Deflated(Encoding.UTF8.GetBytes(Delta(70_000)))), .. Frame.Of(0x8A, []), .. Frame.Of(0x81, []), .. Frame.Text(Completed)];
        var expected = $"data: {Created}\n\ndata: {Delta(70_000)}\n\ndata: {{\"type\":\"response.completed\",\ndata: \"response\":{{\"id\":\"resp_1\",\"status\":\"completed\"}}}}\n\n";

        for (var step = 1; step < server.Length; step = (step * 2) + 1)
        {
            using var capture = Open("permessage-deflate");
            Feed(client, step, capture.FromClient);
            Feed(server, step, capture.FromServer);

            var exchange = Assert.Single(ended);
            Assert.Equal((Create, expected), (Encoding.UTF8.GetString(exchange.Request.Bytes.Span), Encoding.UTF8.GetString(exchange.Response.Bytes.Span)));
            Assert.Equal((101, Ending.Completed, null), (exchange.Status, exchange.Ending, capture.Fault));
            ended.Clear();
        }
    }

    [Theory]
    [InlineData("/v1/responses")]
    [InlineData("/v1/realtime")]
    [InlineData("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent")]
    public void Words_that_are_no_text_are_kept_as_they_came_and_harm_nothing(string path)
    {
        byte[] broken = [.. "{\"type\":\"x"u8, 0xe5, .. "\",\"setup\":{\"model\":\"\\ud83d\"},\"event_id\":\"\\udc00"u8, 0xff, .. "\"}"u8];
        using var capture = TryOpen(path, null, SocketCapture.MessageBytesMax)!;

        capture.FromClient(Frame.Of(0x81, broken, masked: true));
        capture.FromServer(Frame.Of(0x81, broken));
        capture.FromClient(Frame.Text(Create, masked: true));
        capture.FromServer(Frame.Text(Created));
        capture.FromServer(Frame.Of(0x81, broken));
        capture.End(Ending.Completed, null, null);

        Assert.Null(capture.Fault);
        Assert.All(ended, exchange => Assert.True(exchange.Response.Bytes.Span.IndexOf(broken) > 0));
        Assert.Equal(path.Contains("Bidi", StringComparison.Ordinal) ? 0 : 1, ended.Count);
    }

    [Theory]
    [InlineData("8300", "frame_malformed")]
    [InlineData("9100", "frame_malformed")]
    [InlineData("0900", "frame_malformed")]
    [InlineData("897e0100", "frame_malformed")]
    [InlineData("8000", "frame_malformed")]
    [InlineData("01000100", "frame_malformed")]
    [InlineData("c100", "frame_malformed")]
    [InlineData("817fffffffffffffffff", "frame_malformed")]
    [InlineData("817f0000000100000000", "message_too_long")]
    public void What_cannot_be_read_ends_the_capture_with_a_reason(string frames, string reason)
    {
        using var capture = Open(null);
        capture.FromClient(Frame.Text(Create, masked: true));
        capture.FromServer(Frame.Text(Created));

        capture.FromServer(Convert.FromHexString(frames));

        Assert.Equal(reason, capture.Fault);
        var exchange = Assert.Single(ended);
        Assert.Equal((Ending.Incomplete, reason, true), (exchange.Ending, exchange.EndingReason, exchange.Response.Truncated));
    }

    [Fact]
    public void A_bomb_is_inflated_no_further_than_the_bound()
    {
        using var capture = Open("permessage-deflate; server_no_context_takeover", 1_000_000);

        capture.FromServer(Frame.Of(0xC1, Frame.Deflated(new byte[50_000_000])));

        Assert.Equal("message_too_long", capture.Fault);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_that_finds_no_memory_ends_the_capture_and_holds_none(bool deflates)
    {
        var budget = new CaptureBudget(15_000);
        using var capture = Open(deflates ? "permessage-deflate" : null, budget: budget);
        capture.FromClient(Frame.Text(Create, masked: true));
        capture.FromServer(Frame.Text(Created));
        var message = deflates ? Frame.Of(0xC1, Frame.Deflated(Encoding.UTF8.GetBytes(Delta(20_000)))) : Frame.Text(Delta(20_000));
        var half = message.Length / 2;

        capture.FromServer(message.AsMemory(0, half));
        Assert.InRange(budget.HeldBytes, 1, half);
        capture.FromServer(message.AsMemory(half));

        var exchange = Assert.Single(ended);
        Assert.Equal((Ending.Incomplete, "memory", true, 0L), (exchange.Ending, exchange.EndingReason, exchange.Response.Truncated, budget.HeldBytes));
    }

    [Fact]
    public void What_a_server_can_say_no_more_of_is_told_when_it_closes()
    {
        using var capture = Open(null);
        capture.FromClient(Frame.Text(Create, masked: true));
        capture.FromServer((byte[])[.. Frame.Text(Created), .. Frame.Close(1012)]);

        var exchange = Assert.Single(ended);
        Assert.Equal((Ending.UpstreamAborted, "close_1012"), (exchange.Ending, exchange.EndingReason));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void What_comes_behind_a_close_frame_is_not_read_however_it_comes(int step)
    {
        using var capture = Open(null);
        capture.FromClient(Frame.Text(Create, masked: true));
        Feed([.. Frame.Text(Created), .. Frame.Close(1000), .. Frame.Text(Completed)], step, capture.FromServer);
        Feed([.. Frame.Close(1000, masked: true), .. Frame.Text(Create, masked: true)], step, capture.FromClient);
        capture.End(Ending.Completed, null, null);

        var exchange = Assert.Single(ended);
        Assert.Equal((Ending.UpstreamAborted, "close_1000"), (exchange.Ending, exchange.EndingReason));
    }

    [Theory]
    [InlineData("permessage-deflate, x-webkit-deflate-frame")]
    [InlineData("x-mux")]
    public void An_extension_that_nobody_here_reads_is_not_guessed_at(string extensions)
    {
        using var capture = Open(extensions);

        capture.FromClient(Frame.Text(Create, masked: true));

        Assert.Equal("extension_unknown", capture.Fault);
        Assert.Empty(ended);
    }

    [Theory]
    [InlineData(true, Ending.ClientAborted)]
    [InlineData(false, Ending.UpstreamAborted)]
    public void A_call_without_its_end_is_told_who_closed(bool byClient, Ending ending)
    {
        using var capture = Open(null);
        capture.FromClient(Frame.Text(Create, masked: true));
        if (byClient)
        {
            capture.FromClient(Frame.Close(1001, masked: true));
        }

        capture.FromServer(Frame.Close(1001));
        capture.End(Ending.Completed, null, null);

        var exchange = Assert.Single(ended);
        Assert.Equal((ending, "close_1001", null), (exchange.Ending, exchange.EndingReason, exchange.Status));
    }

    [Fact]
    public void A_connection_that_was_cut_says_so()
    {
        using var capture = Open(null);
        capture.FromClient(Frame.Text(Create, masked: true));
        capture.FromServer(Frame.Text(Created).AsMemory(0, 9));

        capture.End(Ending.Completed, null, null);

        Assert.Equal((Ending.Incomplete, "no_close"), (ended.Single().Ending, ended.Single().EndingReason));
    }

    [Fact]
    public void A_path_of_no_known_api_is_not_captured() => Assert.Null(TryOpen("/v1/other", null, SocketCapture.MessageBytesMax));

    private static string Delta(int length) => "{\"type\":\"response.output_text.delta\",\"delta\":\"" + new string('x', length) + "\"}";

    private static void Feed(byte[] bytes, int step, Action<ReadOnlyMemory<byte>> taker)
    {
        for (var at = 0; at < bytes.Length; at += step)
        {
            taker(bytes.AsMemory(at, Math.Min(step, bytes.Length - at)));
        }
    }

    private SocketCapture Open(string? extensions, int messageBytesMax = SocketCapture.MessageBytesMax, CaptureBudget? budget = null) =>
        TryOpen("/v1/responses", extensions, messageBytesMax, budget)!;

    private SocketCapture? TryOpen(string path, string? extensions, int messageBytesMax, CaptureBudget? budget = null)
    {
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = path, Headers = [] }, 1024, TimeProvider.System);
        return SocketCapture.Open(
            handshake,
            extensions is null ? [] : [new HeaderField("Sec-WebSocket-Extensions", extensions)],
            head => new ExchangeBuilder(head, 1024 * 1024, TimeProvider.System, one => ended.Add(one.Snapshot())),
            messageBytesMax,
            budget);
    }
}
