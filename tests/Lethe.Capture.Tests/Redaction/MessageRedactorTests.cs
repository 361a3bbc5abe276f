using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Redaction;

/// <summary>Secrets in event streams go, and what is left can still be read.</summary>
public sealed class MessageRedactorTests
{
    private const string Secret = "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWx";
    private const string Path = "/model/anthropic.claude-v2/invoke-with-response-stream";

    private static readonly string Said = $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"the key is {{{Secret}}}, keep it"}}""";

    [Theory]
    [InlineData("application/vnd.amazon.eventstream")]
    [InlineData("application/octet-stream")]
    public void A_secret_that_a_chunk_carries_in_base64_goes_and_the_stream_is_read_on(string contentType)
    {
        var stream = EventStreams.Of(
            EventStreams.Chunk("""{"type":"message_start","message":{"id":"m","role":"assistant","usage":{"input_tokens":1,"output_tokens":1}}}"""),
            EventStreams.Chunk(Said),
            EventStreams.Event("chunk", $$"""{"note":"{{Secret}}"}"""),
            EventStreams.Chunk("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"""),
            EventStreams.Chunk("""{"type":"message_stop"}"""));

        var kept = Redact(contentType, [stream]);
        var turn = Invented.Decode(Invented.Exchange(Path, "{}"u8.ToArray(), kept));

        Assert.DoesNotContain(Secret, Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Said)), Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
        Assert.StartsWith("the key is ", turn.ReplyText, StringComparison.Ordinal);
        Assert.EndsWith(", keep it", turn.ReplyText, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, turn.ReplyText, StringComparison.Ordinal);
        Assert.True(turn.ReplyComplete);
        for (var size = 1; size < 40; size++)
        {
            Assert.Equal(kept, Redact(contentType, [.. stream.Chunk(size)]));
        }
    }

    [Fact]
    public void What_holds_no_secret_keeps_every_byte_be_it_cut_or_damaged()
    {
        var stream = EventStreams.Of(EventStreams.Chunk("""{"type":"ping"}"""), EventStreams.Event("metadata", """{"usage":{}}"""));
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            var damaged = stream.ToArray();
            damaged[Math.Min(cut, stream.Length - 1)] ^= 1;

            Assert.Equal(stream[..cut], Redact("application/vnd.amazon.eventstream", [stream[..cut]]));
            Assert.Equal(damaged, Redact("application/vnd.amazon.eventstream", [damaged]));
        }
    }

    [Fact]
    public void Behind_a_broken_length_secrets_still_go()
    {
        byte[] stream = [.. EventStreams.Chunk("""{"type":"ping"}"""), 0, 0, 1, 0, 9, 9, .. Encoding.UTF8.GetBytes($"xx {Secret} xx")];

        Assert.DoesNotContain(Secret, Encoding.Latin1.GetString(Redact("application/vnd.amazon.eventstream", [stream])), StringComparison.Ordinal);
    }

    private static byte[] Redact(string contentType, IReadOnlyList<byte[]> parts)
    {
        using var redactor = ExchangeRedactor.OpenBody([new HeaderField("content-type", contentType)]);
        return [.. parts.SelectMany(part => redactor.Append(part)), .. redactor.Complete()];
    }
}
