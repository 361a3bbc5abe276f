using System.Text;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

public sealed class ErrorTests
{
    [Theory]
    [InlineData("""{"type":"error","error":{"type":"rate_limit_error","message":"slow","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"req_1"}""", "rate_limit_error", "enforced_spend_limit_reached", "slow")]
    [InlineData("""{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"model_not_found"}}""", "invalid_request_error", "model_not_found", "no")]
    [InlineData("""{"error":{"code":429,"message":"upstream","metadata":{"raw":"x"}},"user_id":"u"}""", null, "429", "upstream")]
    [InlineData("""{"code":"invalid-argument","error":"bad key"}""", null, "invalid-argument", "bad key")]
    [InlineData("""{"object":"error","message":"m","type":"invalid_model","param":null,"code":"1500","raw_status_code":400}""", "invalid_model", "1500", "m")]
    [InlineData("""{"detail":"Invalid API Key"}""", null, null, "Invalid API Key")]
    [InlineData("""{"detail":[{"loc":["body"],"msg":"field required"}]}""", null, null, "field required")]
    [InlineData("""{"id":"x","message":"not found"}""", null, null, "not found")]
    [InlineData("""[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]""", "UNAVAILABLE", "503", "busy")]
    [InlineData("""{"error":"model 'x' not found"}""", null, null, "model 'x' not found")]
    [InlineData("""{"error":{"code":"429","message":"wait"}}""", null, "429", "wait")]
    [InlineData("""{"success":false,"errors":[{"code":7003,"message":"no route"}]}""", null, null, "no route")]
    [InlineData("<html><body>502 Bad Gateway</body></html>", null, "429", "<html><body>502 Bad Gateway</body></html>")]
    [InlineData("""{"unheard":"of"}""", null, "429", """{"unheard":"of"}""")]
    [InlineData("", null, "429", null)]
    [InlineData("event: error\ndata: {\"error\":{\"message\":\"in a stream\",\"type\":\"t\"}}\n\n", "t", null, "in a stream")]
    public void Every_vendors_error_shape_is_read(string body, string? type, string? code, string? message)
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", body) with { Status = 429 });

        Assert.Equal(new ExchangeError("http", type, code, message), turn.Error);
        Assert.Equal((0, 1, false), (turn.Reply.Count, turn.Prompt.Count, turn.ReplyComplete));
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"error":{"message":"filtered","code":"content_filter"}}""")]
    [InlineData("/v1/responses", """{"error":{"message":"filtered","code":"content_filter"}}""")]
    [InlineData("/v1/messages", """{"type":"error","error":{"message":"filtered","code":"content_filter"}}""")]
    public void A_success_with_an_error_inside_is_an_error_of_the_body(string path, string body)
    {
        var turn = Invented.Decode(Invented.Exchange(path, "{}", body));

        Assert.Equal(new ExchangeError("body", null, "content_filter", "filtered"), turn.Error);
        Assert.Equal((0, false), (turn.Reply.Count, turn.ReplyComplete));
    }

    [Fact]
    public void An_errors_own_coding_is_undone_too()
    {
        var body = Coded.Encode(Encoding.UTF8.GetBytes("""{"error":{"message":"zipped"}}"""), "gzip");
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", "{}"u8.ToArray(), body) with { Status = 529, ResponseHeaders = [new HeaderField("Content-Encoding", "gzip")] });

        Assert.Equal("zipped", turn.Error!.Message);
    }

    [Fact]
    public void A_call_that_never_reached_anyone_has_the_transports_error_and_its_prompt()
    {
        using var decoded = TurnDecoder.Decode(Invented.Exchange("/v1/messages", """{"messages":[{"role":"user","content":"hi"}]}""", "") with
        {
            Status = null,
            Ending = Ending.NoResponse,
            TransportError = new TransportError("connect", "refused"),
        });

        Assert.Equal(new ExchangeError("transport", "connect", null, "refused"), decoded.Turn!.Error);
        Assert.Equal((1, 0), (decoded.Turn.Prompt.Count, decoded.Turn.Reply.Count));
        Assert.Null(decoded.NotDecodedReason);
    }

    [Fact]
    public void The_vendors_request_id_is_the_headers_or_the_errors()
    {
        var error = Invented.Exchange("/v1/messages", "{}", """{"type":"error","error":{"message":"m"},"request_id":"req_2"}""");

        Assert.Equal("req_2", Invented.Decode(error).UpstreamRequestId);
        Assert.Equal("req_1", Invented.Decode(error with { ResponseHeaders = [new HeaderField("Request-Id", "req_1")] }).UpstreamRequestId);
    }

    [Theory]
    [InlineData("""{"detail":"quota exceeded"}""", "quota exceeded")]
    [InlineData("""{"message":"no Route matched"}""", "no Route matched")]
    [InlineData("""{"code":500,"msg":"busy","success":false}""", """{"code":500,"msg":"busy","success":false}""")]
    [InlineData("""{"type":"error"}""", """{"type":"error"}""")]
    [InlineData("[]", "[]")]
    public void A_success_that_is_no_reply_is_an_error_of_the_body(string body, string message)
    {
        foreach (var path in new[] { "/v1/messages", "/v1/chat/completions", "/v1/completions", "/v1/responses" })
        {
            var turn = Invented.Decode(Invented.Exchange(path, """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", body));

            Assert.Equal(("body", message), (turn.Error!.Phase, turn.Error.Message));
            Assert.Equal((0, false), (turn.Reply.Count, turn.ReplyComplete));
        }
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}""")]
    [InlineData("event: ping\ndata: {\"type\":\"ping\"}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}\n\n")]
    public void An_error_names_the_request_where_no_header_does(string body)
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", "{}", body) with { Status = 529 });

        Assert.Equal(("overloaded_error", "req_1"), (turn.Error!.Type, turn.UpstreamRequestId));
    }

    [Theory]
    [InlineData("/v1/messages", "upstream reset", "upstream reset")]
    [InlineData("/v1/messages", "{\"type\":\"error\"}", "{\"type\":\"error\"}")]
    [InlineData("/v1/chat/completions", "upstream reset", "upstream reset")]
    [InlineData("/v1/responses", "upstream reset", "upstream reset")]
    public void An_error_event_is_an_error_whatever_it_says(string path, string data, string message)
    {
        var turn = Invented.Decode(Invented.Exchange(path, """{"model":"m","stream":true}""", $"event: error\ndata: {data}\n\n"));

        Assert.Equal(("stream", message, false), (turn.Error!.Phase, turn.Error.Message, turn.ReplyComplete));
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"choices":[{"index":0,"message":{"role":"assistant","content":"so far"},"finish_reason":"error"}]}""", "error")]
    [InlineData("/v1/chat/completions", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"so far\"},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n", "error")]
    [InlineData("/v1/responses", """{"id":"r","status":"failed","error":null,"output":[]}""", "failed")]
    [InlineData("/v1/responses", "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\",\"error\":null,\"output\":[]}}\n\n", "failed")]
    public void A_reply_that_ended_in_an_error_which_it_does_not_tell_has_failed(string path, string body, string type) =>
        Assert.Equal(type, Invented.Decode(Invented.Exchange(path, "{}", body)).Error?.Type);
}
