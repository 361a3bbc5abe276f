using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests;

/// <summary>How much of an answer has come is told while it comes, whatever dialect streams it.</summary>
public sealed class StreamedTextTests
{
    private const string Start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":3}}}\n\n";

    [Theory]
    [InlineData("data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n", 5)]
    [InlineData("data: {\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}}\n", 9)]
    [InlineData("data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n", 2)]
    [InlineData("data: {\"type\":\"response.output_text.done\",\"text\":\"all of it again\"}\n", 0)]
    [InlineData("data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"text\":\"all of it again\"}]}}\n", 0)]
    [InlineData("data: {\"choices\": [{\"delta\": {\"content\": \"four\", \"role\": \"assistant\"}}]}\n", 4)]
    [InlineData("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ok\"}]}}]}\r\n", 2)]
    [InlineData("event: text\n: \"text\":\"a comment\"\n", 0)]
    [InlineData("data: {\"text\":\"never closed", 12)]
    [InlineData("data: [DONE]\n", 0)]
    public void Characters_of_what_is_streamed_are_counted(string lines, int characters) =>
        Assert.Equal(characters, StreamedText.Characters(Encoding.UTF8.GetBytes(lines)));

    [Fact]
    public void They_are_counted_once_whoever_takes_the_bytes_and_not_where_a_coding_hides_them()
    {
        var delta = Encoding.UTF8.GetBytes("data: {\"delta\":{\"text\":\"12345678\"}}\n\n");
        using var call = Started([new HeaderField("content-type", "text/event-stream; charset=utf-8")]);
        call.AppendResponse(Encoding.UTF8.GetBytes(Start));
        call.AppendResponse(delta);
        call.AppendResponse(delta.AsSpan(0, 12));
        Assert.Equal(8, call.StreamedCharacters);
        call.AppendResponse(delta.AsSpan(12));
        var part = call.Snapshot();
        ExchangeBuilder.Return(part.Request);
        ExchangeBuilder.Return(part.Response);
        Assert.Equal(16, call.StreamedCharacters);
        call.AppendResponse(delta);
        Assert.Equal(24, call.StreamedCharacters);

        using var coded = Started([new HeaderField("content-type", "text/event-stream"), new HeaderField("content-encoding", "gzip")]);
        coded.AppendResponse(delta);
        Assert.Null(coded.StreamedCharacters);
    }

    private static ExchangeBuilder Started(IReadOnlyList<HeaderField> headers)
    {
        var call = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "POST", Path = "/v1/messages", Headers = [] }, bodyBytesMax: 10_000, TimeProvider.System);
        call.StartResponse(200, headers);
        return call;
    }
}
