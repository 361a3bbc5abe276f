using System.Text;
using Lethe.Capture.Decoding;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The framing of <c>application/vnd.amazon.eventstream</c>.</summary>
public sealed class EventStreamTests
{
    private const string Path = "/model/amazon.nova-lite-v1%3A0/converse-stream";

    private static readonly byte[][] Messages =
    [
        EventStreams.Event("messageStart", """{"role":"assistant"}"""),
        EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"a na\u00efve "}}"""),
        EventStreams.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"— answer 松"}}"""),
        EventStreams.Event("contentBlockStop", """{"contentBlockIndex":0}"""),
        EventStreams.Event("messageStop", """{"stopReason":"end_turn"}"""),
        EventStreams.Event("metadata", """{"usage":{"inputTokens":5,"outputTokens":9,"totalTokens":14}}"""),
    ];

    [Fact]
    public void A_known_message_has_its_known_bytes()
    {
        // The example of the protocol's test vectors: no headers, no payload.
        byte[] empty = [0, 0, 0, 16, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        var reader = new EventStreamReader(empty);

        Assert.True(EventStreamReader.Begins(empty));
        Assert.True(reader.Read());
        Assert.Equal((0, 0), (reader.Payload.Length, reader.Name.Length));
        Assert.False(reader.Read());
        Assert.Equal(0, reader.Unread);
    }

    [Fact]
    public void It_is_told_by_its_bytes_whatever_the_content_type_says()
    {
        var turn = Invented.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), EventStreams.Of(Messages)));

        Assert.Equal(("a naïve — answer 松", "end_turn", true, true), (turn.ReplyText, turn.StopReason, turn.ReplyComplete, turn.Stream));
        Assert.Equal((5, 9, true), (turn.Usage!.Input, turn.Usage.Output, turn.Usage.Final));
    }

    [Fact]
    public void Every_cut_keeps_what_came_before_it_and_claims_no_more()
    {
        var whole = EventStreams.Of(Messages);
        for (var cut = 0; cut < whole.Length; cut++)
        {
            using var decoded = TurnDecoder.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), whole[..cut]) with { Ending = Ending.ClientAborted });
            var turn = decoded.Turn!;

            Assert.StartsWith(turn.ReplyText ?? "", "a naïve — answer 松", StringComparison.Ordinal);
            Assert.False(turn.ReplyComplete);
            Assert.Null(turn.Usage);
        }
    }

    [Fact]
    public void Any_flipped_byte_is_seen()
    {
        var whole = EventStreams.Of(Messages);
        for (var at = 12; at < whole.Length; at++)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x20;

            using var decoded = TurnDecoder.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), damaged));

            Assert.Equal("events_unread", decoded.NotDecodedReason);
        }
    }

    [Fact]
    public void A_message_that_contradicts_its_sum_is_passed_over_and_those_behind_it_are_read()
    {
        var messages = Messages.ToArray();
        messages[1] = [.. messages[1]];
        messages[1][^8] ^= 1;

        using var decoded = TurnDecoder.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), EventStreams.Of(messages)));

        Assert.Equal(("— answer 松", "events_unread"), (decoded.Turn!.ReplyText, decoded.NotDecodedReason));
    }

    [Fact]
    public void Exceptions_and_errors_are_told_as_such()
    {
        var exception = Invented.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), EventStreams.Of(Messages[0], Messages[1], EventStreams.Exception("throttlingException", """{"message":"Too many tokens"}"""))));
        var wordless = Invented.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), EventStreams.Of(Messages[0], EventStreams.Exception("internalServerException", ""))));
        var error = Invented.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), EventStreams.Of(Messages[0], EventStreams.Error("InternalError", "it broke"))));

        Assert.Equal(("stream", "throttlingException", "Too many tokens"), (exception.Error!.Phase, exception.Error.Type, exception.Error.Message));
        Assert.Equal(("a naïve ", false), (exception.ReplyText, exception.ReplyComplete));
        Assert.Equal("internalServerException", wordless.Error!.Type);
        Assert.Equal(("InternalError", "it broke"), (error.Error!.Type, error.Error.Message));
    }

    [Fact]
    public void Headers_of_every_type_are_passed_over()
    {
        List<byte> typed = [];
        (byte Type, int Bytes)[] fixedSizes = [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)];
        foreach (var (type, size) in fixedSizes)
        {
            typed.AddRange([1, (byte)('a' + type), type]);
            typed.AddRange(new byte[size]);
        }

        typed.AddRange([1, (byte)'b', 6, 0, 3, 1, 2, 3]);
        var reader = new EventStreamReader(EventStreams.Framed([.. typed], "{}"u8.ToArray()));

        Assert.True(reader.Read());
        Assert.Equal("{}", Encoding.UTF8.GetString(reader.Payload.Span));
    }
}
