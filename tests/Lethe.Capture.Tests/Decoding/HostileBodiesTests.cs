using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Chains;
using Lethe.Capture.Decoding;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Whatever a wire carries, decoding ends with a turn or a reason.</summary>
public sealed class HostileBodiesTests
{
    private static readonly string[] Paths =
    [
        "/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/unknown",
        "/model/m/converse", "/model/m/invoke", "/model/anthropic.claude-v2/invoke", "/v2/chat", "/v1/chat", "/v2/embed", "/api/chat", "/api/generate", "/api/embed",
    ];

    private const int JsonDepth = JsonReading.DepthMax;

    private const string Chunk = """{"id":"i","choices":[{"index":0,"delta":{"content":"abc"}}]}""";

    [Theory]
    [InlineData("", "request_empty")]
    [InlineData("not json", "request_not_json")]
    [InlineData("{\"messages\":[", "request_not_json")]
    [InlineData("{} {}", "request_not_json")]
    public void A_request_that_is_no_json_is_a_reason_and_the_reply_is_read(string request, string reason)
    {
        using var decoded = TurnDecoder.Decode(Invented.Exchange("/v1/chat/completions", request, Invented.DataEvents(Chunk, "[DONE]")));

        Assert.Equal((reason, "abc"), (decoded.NotDecodedReason, decoded.Turn!.ReplyText));
        Assert.Null(decoded.RequestJson);
    }

    [Theory]
    [InlineData("", "response_empty")]
    [InlineData("<html>", "response_not_json")]
    [InlineData("{\"id\":", "response_not_json")]
    [InlineData("data: {\"id\":\n\n", "response_not_json")]
    public void A_response_that_is_no_json_is_a_reason_and_the_prompt_is_read(string response, string reason)
    {
        using var decoded = TurnDecoder.Decode(Invented.Exchange("/v1/chat/completions", """{"messages":[{"role":"user","content":"hi"}]}""", response));

        Assert.Equal((reason, 1), (decoded.NotDecodedReason, decoded.Turn!.Prompt.Count));
    }

    [Fact]
    public void A_body_that_was_not_kept_whole_says_so()
    {
        var exchange = Invented.Exchange("/v1/chat/completions", "{\"a\":", "{\"b\":");

        using var request = TurnDecoder.Decode(exchange with { Request = exchange.Request with { Truncated = true } });
        using var response = TurnDecoder.Decode(exchange with { Request = Invented.Body("{}"u8.ToArray()), Response = exchange.Response with { Truncated = true } });

        Assert.Equal(("request_truncated", "response_truncated"), (request.NotDecodedReason, response.NotDecodedReason));
    }

    [Fact]
    public void A_zstd_request_is_read_and_an_unknown_coding_is_a_reason()
    {
        var request = """{"model":"m","input":"hi"}"""u8.ToArray();
        var exchange = Invented.Exchange("/v1/responses", Coded.Encode(request, "zstd"), "{}"u8.ToArray()) with { RequestHeaders = [new HeaderField("content-encoding", "zstd")] };

        using var read = TurnDecoder.Decode(exchange);
        using var unread = TurnDecoder.Decode(exchange with { RequestHeaders = [new HeaderField("content-encoding", "lzma")] });

        Assert.Equal(("m", "hi"), (read.Turn!.ModelRequested, read.Turn.Prompt[0].Blocks[0].Text));
        Assert.Equal("content_coding_unknown", unread.NotDecodedReason);
    }

    [Theory]
    [InlineData("lone \\ud800 surrogate", "lone \ufffd surrogate")]
    [InlineData("swapped \\ude00\\ud83d", "swapped \ufffd\ufffd")]
    [InlineData("pair \\ud83d\\ude00 and \\\\ud800", "pair \ud83d\ude00 and \\ud800")]
    [InlineData("nul \\u0000 here", "nul \0 here")]
    public void Broken_text_is_mended_and_the_rest_is_kept(string escaped, string text)
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{escaped}}"}]}""", Invented.DataEvents($$"""{"choices":[{"index":0,"delta":{"content":"{{escaped}}"} }]}""")));

        Assert.Equal((text, text), (turn.Prompt[0].Blocks[0].Text, turn.ReplyText));
        Assert.NotNull(ChainBuilder.Build(turn));
    }

    [Fact]
    public void Invalid_utf8_is_mended()
    {
        byte[] request = [.. "{\"messages\":[{\"role\":\"user\",\"content\":\"a"u8, 0xff, 0xc3, .. "b\"}]}"u8];

        Assert.Equal("a\ufffd\ufffdb", Invented.Decode(Invented.Exchange("/v1/messages", request, "{}"u8.ToArray())).Prompt[0].Blocks[0].Text);
    }

    [Fact]
    public void Duplicate_keys_and_depth_do_not_stop_it()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000));
        var nested = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        using var duplicate = TurnDecoder.Decode(Invented.Exchange("/v1/messages", """{"model":"a","model":"b","system":{"x":1,"x":2},"messages":[]}""", $$"""{"id":"i","content":[{"type":"tool_use","name":"n","input":{{nested}}}]}"""));
        using var bomb = TurnDecoder.Decode(Invented.Exchange("/v1/messages", deep, $"data: {deep}\n\n"));

        Assert.Equal(("b", 1), (duplicate.Turn!.ModelRequested, duplicate.Turn.ToolCalls.Count));
        Assert.Equal("request_not_json", bomb.NotDecodedReason);
    }

    [Fact]
    public void Members_of_the_wrong_kind_are_as_if_they_were_not_there()
    {
        string[] values = ["null", "1", "\"x\"", "[]", "{}", "[[]]", "[null]", "[1,\"x\",{}]", "true"];
        string[] members = ["model", "messages", "input", "system", "tools", "choices", "usage", "content", "delta", "message", "response", "item", "error", "id", "index", "type", "content_block", "output", "prompt"];
        foreach (var path in Paths)
        {
            foreach (var value in values)
            {
                var body = "{" + string.Join(',', members.Select(member => $"\"{member}\":{value}")) + "}";
                TurnDecoder.Decode(Invented.Exchange(path, body, body)).Dispose();
                TurnDecoder.Decode(Invented.Exchange(path, body, Invented.DataEvents(body, value))).Dispose();
                foreach (var type in new[] { "content_block_start", "content_block_delta", "message_start", "response.output_item.added", "response.output_text.delta", "response.completed", "error" })
                {
                    TurnDecoder.Decode(Invented.Exchange(path, body, Invented.DataEvents(body.Replace($"\"type\":{value}", $"\"type\":\"{type}\"", StringComparison.Ordinal)))).Dispose();
                }
            }
        }
    }

    [Fact]
    public void Any_bytes_end_in_a_turn_or_a_reason() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Elements(Paths).ToArbitrary(), Gen.Elements(null, "gzip", "br", "zstd", "deflate").ToArbitrary(), (bytes, path, coding) =>
        {
            HeaderField[] headers = coding is null ? [] : [new HeaderField("content-encoding", coding)];
            using var decoded = TurnDecoder.Decode(Invented.Exchange(path, bytes, [.. "data: "u8, .. bytes]) with { RequestHeaders = headers });
            return decoded.Turn is not null || decoded.NotDecodedReason is not null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_hundred_thousand_events_are_one_reply()
    {
        StringBuilder stream = new();
        for (var i = 0; i < 100_000; i++)
        {
            stream.Append("data: ").Append(Chunk).Append("\n\n");
        }

        Assert.Equal(300_000, Invented.Decode(Invented.Exchange("/v1/chat/completions", "{}", stream.ToString())).ReplyText!.Length);
    }

    [Fact]
    public void A_hundred_thousand_calls_and_messages_take_no_longer_each_than_one()
    {
        StringBuilder calls = new();
        StringBuilder messages = new();
        for (var i = 0; i < 100_000; i++)
        {
            calls.Append("data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"id\":\"c").Append(i).Append("\",\"function\":{\"name\":\"n\",\"arguments\":\"{}\"}}]}}]}\n\n");
            messages.Append("data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"a\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n");
        }

        Assert.Equal(100_000, Invented.Decode(Invented.Exchange("/v1/chat/completions", "{}", calls.ToString())).ToolCalls.Count);
        Assert.Equal(100_000, Invented.Decode(Invented.Exchange("/v1/messages", "{}", messages.ToString())).ReplyText!.Length);
    }

    [Fact]
    public void A_stream_that_is_broken_two_hundred_thousand_times_is_given_up()
    {
        foreach (var broken in new[] { "data: {x}\n\n", "event: error\ndata: {x}\n\n" })
        {
            var turn = Invented.Decode(Invented.Exchange("/v1/chat/completions", "{}", $"data: {Chunk}\n\n{string.Concat(Enumerable.Repeat(broken, 200_000))}data: {Chunk}\n\n"));

            Assert.Equal("abc", turn.ReplyText);
        }
    }

    [Fact]
    public void Two_hundred_thousand_pieces_of_one_call_that_each_look_like_its_end_are_read_once()
    {
        StringBuilder pieces = new("""data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"n","arguments":"{\"x\":[{}"}}]}}]}""" + "\n\n");
        for (var i = 0; i < 200_000; i++)
        {
            pieces.Append("""data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"n","arguments":",{}"}}]}}]}""").Append("\n\n");
        }

        Assert.Single(Invented.Decode(Invented.Exchange("/v1/chat/completions", "{}", pieces.ToString())).ToolCalls);
    }

    [Fact]
    public void Arguments_at_the_deepest_that_is_read_do_not_cost_the_reply()
    {
        var deep = new string('[', JsonDepth) + new string(']', JsonDepth);
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", "{}", Invented.TypedEvents(
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":\"{deep}\"}}"))));

        Assert.Equal(deep, Assert.Single(turn.ToolCalls).ArgumentsJson);
        Assert.NotNull(ChainBuilder.Build(turn));
    }

    [Fact]
    public void A_body_at_the_capture_limit_is_read()
    {
        var text = new string('x', 48 * 1024 * 1024);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { messages = new[] { new { role = "user", content = text } } });

        Assert.Equal(text.Length, Invented.Decode(Invented.Exchange("/v1/chat/completions", body, "{}"u8.ToArray())).Prompt[0].Blocks[0].Text!.Length);
    }
}
