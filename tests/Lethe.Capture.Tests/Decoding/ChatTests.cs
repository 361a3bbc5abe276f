using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

public sealed class ChatTests
{
    private const string Request = """
        {"model":"gpt-x","stream":true,"tools":[{"type":"function","function":{"name":"look"}}],"messages":[
          {"role":"system","content":"be brief"},
          {"role":"user","content":[{"type":"text","text":"what"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
          {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"c0","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}}]},
          {"role":"tool","tool_call_id":"c0","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}
        """;

    [Fact]
    public void Pieces_of_a_stream_become_one_message()
    {
        var turn = Stream(
            """{"id":"","model":"","choices":[],"prompt_filter_results":[]}""",
            """{"id":"one","model":"gpt-x-1","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"th","reasoning_details":[{"text":"th"}]}}]}""",
            """{"id":"two","model":"gpt-x-1","choices":[{"index":0,"delta":{"reasoning":"ink"}},{"index":1,"delta":{"content":"other choice"}}],"obfuscation":"abc"}""",
            """{"choices":[{"index":0,"delta":{"content":"Hel"}}],"usage":null}""",
            """{"choices":[{"index":0,"delta":{"content":"lo","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"look","arguments":""}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"list","arguments":"[1"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"look","arguments":"{\"at\":2}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":12,"cache_write_tokens":3},"completion_tokens_details":{"reasoning_tokens":4}}}""",
            "[DONE]");

        Assert.Equal(("one", "gpt-x-1", "tool_calls", true), (turn.ResponseId, turn.ModelServed, turn.StopReason, turn.ReplyComplete));
        Assert.Equal(("Hello", "think"), (turn.ReplyText, turn.ReplyReasoning));
        Assert.Equal([new ToolCall("c1", "look", "{\"at\":2}"), new ToolCall("c2", "list", "\"[1\"")], turn.ToolCalls);
        Assert.Equal(["text", "tool_use", "tool_use"], Assert.Single(turn.Reply).Blocks.Select(block => block.Type));
        Assert.Equal((5, 12, 3, 9, 4), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.CacheWrite5m, turn.Usage.Output, turn.Usage.Reasoning));
        Assert.Equal(("flex", true), (turn.Usage.ServiceTier, turn.Usage.Final));
    }

    [Fact]
    public void The_prompt_holds_system_messages_images_calls_and_results()
    {
        var turn = Stream("[DONE]");

        Assert.Equal(["system", "user", "assistant", "tool"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(
            [new Block { Type = "text", Text = "what" }, new Block { Type = "image", MediaType = "image/png", ImageBase64 = "AAAA" }, new Block { Type = "image", ImageUrl = "https://x/y.png" }],
            turn.Prompt[1].Blocks);
        Assert.Equal([new Block { Type = "tool_use", ToolUseId = "c0", ToolName = "look", ToolInputJson = "{\"at\":1}" }], turn.Prompt[2].Blocks);
        Assert.Equal([new ToolResult("c0", false, "a\nb")], turn.ToolResults);
        Assert.Null(turn.System);
        Assert.NotNull(turn.Tools);
    }

    [Fact]
    public void Whole_calls_without_index_or_with_one_index_stay_apart()
    {
        var turn = Stream(
            """{"id":"i","choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}},{"id":"b","function":{"name":"y","arguments":{"k":1}}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"z","arguments":"{}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"d","function":{"name":"z","arguments":"{}"}}]},"finish_reason":"stop"}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"id":"e","type":"custom","custom":{"name":"free","input":"any "}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"custom":{"input":"text"}}]}}]}""");

        Assert.Equal(
            [new ToolCall("a", "x", "{}"), new ToolCall("b", "y", "{\"k\":1}"), new ToolCall("c", "z", "{}"), new ToolCall("d", "z", "{}"), new ToolCall("e", "free", "\"any text\"")],
            turn.ToolCalls);
    }

    [Fact]
    public void The_older_function_call_is_a_tool_call_without_id()
    {
        var turn = Stream(
            """{"choices":[{"index":0,"delta":{"function_call":{"name":"old","arguments":""}}}]}""",
            """{"choices":[{"index":0,"delta":{"function_call":{"arguments":"{\"a\":1}"}}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"function_call"}]}""");

        Assert.Equal([new ToolCall(null, "old", "{\"a\":1}")], turn.ToolCalls);
    }

    [Fact]
    public void A_list_of_parts_may_carry_text_and_thinking()
    {
        var turn = Stream(
            """{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}""",
            """{"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"yes"}]},"finish_reason":"stop"}]}""");

        Assert.Equal(("yes", "hm"), (turn.ReplyText, turn.ReplyReasoning));
    }

    [Theory]
    [InlineData("groq", """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}}""")]
    [InlineData("perplexity", """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""")]
    public void The_last_usage_told_is_the_one(string vendor, string last)
    {
        var turn = Invented.Decode(Exchange(
            """{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""", last) with
        { Provider = vendor });

        Assert.Equal((3, 4, true, true), (turn.Usage!.InputTotal, turn.Usage.Output, turn.Usage.Final, turn.ReplyComplete));
    }

    [Fact]
    public void A_usage_of_nothing_takes_nothing_back()
    {
        var turn = Invented.Decode(Exchange(
            """{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""",
            """{"choices":[],"usage":{}}"""));

        Assert.Equal((3, 1), (turn.Usage!.InputTotal, turn.Usage.Output));
    }

    [Fact]
    public void A_cut_stream_keeps_what_was_heard_and_its_usage_is_not_final()
    {
        var turn = Invented.Decode(Exchange("""{"id":"i","choices":[{"index":0,"delta":{"content":"half"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""", "{\"choices\":[{\"ind") with { Ending = Ending.ClientAborted });

        Assert.Equal(("half", false, false), (turn.ReplyText, turn.ReplyComplete, turn.Usage!.Final));
    }

    [Fact]
    public void A_stream_without_its_end_mark_is_whole_when_the_transport_ended()
    {
        var exchange = Exchange("""{"id":"i","choices":[{"index":0,"delta":{"content":"all"},"finish_reason":"stop"}]}""");

        Assert.True(Invented.Decode(exchange).ReplyComplete);
        Assert.False(Invented.Decode(exchange with { Ending = Ending.UpstreamAborted }).ReplyComplete);
    }

    [Theory]
    [InlineData("\"\"", true)]
    [InlineData("null", false)]
    public void An_empty_finish_reason_is_an_end_where_the_transport_ended_too(string last, bool complete)
    {
        var exchange = Exchange(
            """{"id":"","choices":[{"index":0,"delta":{"content":"al"},"finish_reason":""}],"usage":null}""",
            $$$"""{"id":"","choices":[{"index":0,"delta":{"content":"l"},"finish_reason":{{{last}}}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""");
        var turn = Invented.Decode(exchange);
        var cut = Invented.Decode(exchange with { Ending = Ending.UpstreamAborted });

        Assert.Equal(("all", null, complete, complete), (turn.ReplyText, turn.StopReason, turn.ReplyComplete, turn.Usage!.Final));
        Assert.Equal((false, false), (cut.ReplyComplete, cut.Usage!.Final));
    }

    [Fact]
    public void An_error_on_a_chunk_is_told_with_what_came_before()
    {
        var turn = Stream("""{"id":"i","choices":[{"index":0,"delta":{"content":"a"}}]}""", """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"code":502,"message":"lost"}}""", "[DONE]");

        Assert.Equal(new ExchangeError("stream", null, "502", "lost"), turn.Error);
        Assert.Equal(("a", false), (turn.ReplyText, turn.ReplyComplete));
    }

    [Fact]
    public void The_first_choice_of_a_document_is_the_reply()
    {
        var turn = Document("""
            {"id":"c","model":"m","choices":[{"index":1,"message":{"role":"assistant","content":"second"}},
             {"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"first","refusal":"no","reasoning_content":"r"}}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}
            """);

        Assert.Equal(("first", "r", "stop"), (turn.ReplyText, turn.ReplyReasoning, turn.StopReason));
        Assert.Equal([new Block { Type = "text", Text = "first" }, new Block { Type = "refusal", Text = "no" }], turn.Reply[0].Blocks);
    }

    [Fact]
    public void Legacy_completions_are_a_user_and_an_assistant_message()
    {
        var whole = Invented.Decode(Invented.Exchange("/v1/completions", "{\"model\":\"m\",\"prompt\":\"once\"}", """{"id":"c","choices":[{"index":0,"text":" upon","finish_reason":"length"}]}"""));
        var streamed = Invented.Decode(Invented.Exchange("/v1/completions", "{\"prompt\":[\"once\",\"twice\"]}", Invented.DataEvents("""{"choices":[{"index":0,"text":" up"}]}""", """{"choices":[{"index":0,"text":"on","finish_reason":"length"}]}""", "[DONE]")));

        Assert.Equal((Operation.Completion, " upon", " upon"), (whole.Operation, whole.ReplyText, streamed.ReplyText));
        Assert.Equal("once", whole.Prompt[0].Blocks[0].Text);
        Assert.Equal(2, streamed.Prompt.Count);
        Assert.Equal("assistant", streamed.Reply[0].Role);
    }

    [Fact]
    public void Chunks_one_a_line_are_read_like_events()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/chat/completions", Request, "{\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n"));

        Assert.Equal(("ab", true), (turn.ReplyText, turn.ReplyComplete));
    }

    [Theory]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"a","arguments":"{\"x\":1}"}},{"function":{"name":"b","arguments":"{\"y\":2}"}}]},"finish_reason":"tool_calls"}]}""", "[DONE]")]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"","function":{"name":"a","arguments":"{\"x\":1}"}}]}}]}""", """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"","function":{"name":"b","arguments":"{\"y\":2}"}}]},"finish_reason":"tool_calls"}]}""")]
    public void Whole_calls_without_an_id_are_as_many_as_there_are(params string[] chunks) =>
        Assert.Equal([new ToolCall(null, "a", "{\"x\":1}"), new ToolCall(null, "b", "{\"y\":2}")], Stream(chunks).ToolCalls);

    [Fact]
    public void Brackets_inside_a_string_end_no_call()
    {
        var turn = Stream(
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"{\"x\":\"\\\\\\\"}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"{\",\"y\":[{}]}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"b","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}""");

        Assert.Equal([new ToolCall(null, "a", """{"x":"\\\"}{","y":[{}]}"""), new ToolCall(null, "b", "{}")], turn.ToolCalls);
    }

    [Fact]
    public void A_name_that_is_repeated_in_every_piece_is_one_call()
    {
        var turn = Stream(
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"{\"x\":"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"1}"}}]},"finish_reason":"tool_calls"}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":""}}]}}]}""");

        Assert.Equal([new ToolCall(null, "a", "{\"x\":1}")], turn.ToolCalls);
    }

    [Fact]
    public void A_spoken_answer_is_known_by_its_id_and_read_by_its_transcript()
    {
        var whole = Document("""{"choices":[{"index":0,"message":{"role":"assistant","content":null,"audio":{"id":"audio_1","data":"AAAA","transcript":"Hello there"}},"finish_reason":"stop"}]}""");
        var streamed = Stream("""{"choices":[{"index":0,"delta":{"role":"assistant","audio":{"id":"audio_1","transcript":"Hello "}}}]}""", """{"choices":[{"index":0,"delta":{"audio":{"data":"AAAA","transcript":"there"}},"finish_reason":"stop"}]}""");
        var repeated = Invented.Decode(Invented.Exchange("/v1/chat/completions", """{"messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}""", "{}"));

        Assert.Equal(("Hello there", "Hello there"), (whole.ReplyText, streamed.ReplyText));
        Assert.Equal([new Block { Type = "audio", ContentJson = "{\"id\":\"audio_1\"}" }], whole.Reply[0].Blocks);
        Assert.Equal(whole.Reply[0].Blocks, streamed.Reply[0].Blocks);
        Assert.Equal(whole.Reply[0].Blocks, repeated.Prompt[0].Blocks);
    }

    [Fact]
    public void An_empty_reasoning_does_not_hide_the_other() =>
        Assert.Equal("because", Document("""{"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning_content":"","reasoning":"because"},"finish_reason":"stop"}]}""").ReplyReasoning);


    private static Turn Stream(params string[] chunks) => Invented.Decode(Exchange(chunks));

    private static Turn Document(string response) => Invented.Decode(Invented.Exchange("/v1/chat/completions", Request, response));

    private static CapturedExchange Exchange(params string[] chunks) => Invented.Exchange("/v1/chat/completions", Request, Invented.DataEvents(chunks));
}
