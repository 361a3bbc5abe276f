using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

public sealed class AnthropicTests
{
    private const string Request = """
        {"model":"claude-x","stream":true,"system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],
         "tools":[{"name":"look","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],
         "messages":[{"role":"user","content":"look there"},
          {"role":"assistant","content":[{"type":"tool_use","id":"t0","name":"look","input":{"at":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t0","is_error":true,"content":[{"type":"text","text":"a"},{"type":"image","source":{}},{"type":"text","text":"b"}]},
                                    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"document","title":"d","cache_control":{},"citations":null}]}]}
        """;

    private static readonly string Start = Invented.TypedEvents(("message_start", """
        "message":{"id":"msg_1","model":"claude-x-1","role":"assistant","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":"standard"}}
        """.Trim()));

    private static readonly string Blocks = Invented.TypedEvents(
        ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
        ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"let me \"}"),
        ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"see\"}"),
        ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"old\"}"),
        ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"sig\"}"),
        ("content_block_stop", "\"index\":0"),
        ("ping", ""),
        ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
        ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"I \"}"),
        ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"url\":\"u\"}}"),
        ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"look\"}"),
        ("something_new", "\"index\":1"),
        ("content_block_start", "\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":{}}"),
        ("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
        ("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"at\\\": \"}"),
        ("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"2}\"}"),
        ("content_block_start", "\"index\":3,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"list\",\"input\":{}}"),
        ("content_block_delta", "\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"));

    private static readonly string End = Invented.TypedEvents(
        ("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":7}"),
        ("message_delta", "\"delta\":{},\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":40,\"output_tokens\":30,\"output_tokens_details\":{\"thinking_tokens\":4},\"server_tool_use\":{\"web_search_requests\":2}}"),
        ("message_stop", ""));

    [Fact]
    public void A_stream_becomes_the_reply_that_a_whole_message_would_have_been()
    {
        var turn = Decode(Start + Blocks + End);

        Assert.Equal(("msg_1", "claude-x-1", "tool_use", true, true), (turn.ResponseId, turn.ModelServed, turn.StopReason, turn.ReplyComplete, turn.Stream));
        Assert.Equal(("I look", "let me see"), (turn.ReplyText, turn.ReplyReasoning));
        Assert.Equal([new ToolCall("t1", "look", "{\"at\": 2}"), new ToolCall("t2", "list", "{}")], turn.ToolCalls);
        Assert.Equal(
            [
                new Block { Type = "thinking", Thinking = "let me see", ThinkingSignature = "sig" },
                new Block { Type = "text", Text = "I look" },
                new Block { Type = "tool_use", ToolUseId = "t1", ToolName = "look", ToolInputJson = "{\"at\": 2}" },
                new Block { Type = "tool_use", ToolUseId = "t2", ToolName = "list", ToolInputJson = "{}" },
            ],
            Assert.Single(turn.Reply).Blocks);
    }

    [Fact]
    public void The_last_word_on_each_usage_field_wins_and_a_stale_split_counts_as_five_minutes()
    {
        var usage = Decode(Start + Blocks + End).Usage!;

        Assert.Equal((12, 5, 40, 0, 30, 4), (usage.Input, usage.CacheRead, usage.CacheWrite5m, usage.CacheWrite1h, usage.Output, usage.Reasoning));
        Assert.Equal((57, 2, "standard", true, false), (usage.InputTotal, usage.WebSearches, usage.ServiceTier, usage.Final, usage.Clamped));
    }

    [Fact]
    public void The_prompt_is_read_block_by_block()
    {
        var turn = Decode(Start + Blocks + End);

        Assert.Equal(["user", "assistant", "user"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(new Block { Type = "text", Text = "look there" }, Assert.Single(turn.Prompt[0].Blocks));
        Assert.Equal(
            [
                new Block { Type = "tool_result", ToolResultId = "t0", ToolOutput = "a\nb", IsError = true },
                new Block { Type = "image", MediaType = "image/png", ImageBase64 = "AAAA" },
                new Block { Type = "document", ContentJson = "{\"type\":\"document\",\"title\":\"d\"}" },
            ],
            turn.Prompt[2].Blocks);
        Assert.Equal(new ToolResult("t0", true, "a\nb"), Assert.Single(turn.ToolResults));
        Assert.Equal("{\"role\":\"user\",\"content\":\"look there\"}"u8.ToArray(), turn.Prompt[0].Raw.ToArray());
        Assert.Equal("""[{"text":"be brief","type":"text"}]"""u8.ToArray(), turn.System);
        Assert.Equal("""[{"input_schema":{"type":"object"},"name":"look"}]"""u8.ToArray(), turn.Tools);
    }

    [Fact]
    public void A_cut_stream_keeps_what_was_heard()
    {
        var turn = Decode(Start + Blocks, Ending.ClientAborted);

        Assert.Equal((false, "I look", 15L), (turn.ReplyComplete, turn.ReplyText, turn.Usage!.InputTotal));
        Assert.False(turn.Usage.Final);
    }

    [Fact]
    public void Arguments_cut_in_the_middle_become_a_json_string()
    {
        var cut = Blocks[..Blocks.IndexOf("2}", StringComparison.Ordinal)];
        var turn = Decode(Start + cut, Ending.UpstreamAborted);

        Assert.Equal("{\"at\": ", System.Text.Json.JsonDocument.Parse(Assert.Single(turn.ToolCalls).ArgumentsJson).RootElement.GetString());
    }

    [Fact]
    public void An_error_event_is_told_with_what_came_before()
    {
        var turn = Decode(Start + Blocks + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"},\"request_id\":\"req_9\"}\n\n");

        Assert.Equal(new ExchangeError("stream", "overloaded_error", null, "busy"), turn.Error);
        Assert.Equal(("I look", false, "req_9"), (turn.ReplyText, turn.ReplyComplete, turn.UpstreamRequestId));
    }

    [Fact]
    public void A_whole_message_is_read_with_its_iterations()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", Request, """
            {"id":"msg_2","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"a","citations":[]},{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"text","text":"b"}],
             "usage":{"input_tokens":2,"output_tokens":3,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"speed":"fast","service_tier":"standard","inference_geo":"us",
              "iterations":[{"type":"compaction","input_tokens":500,"output_tokens":60},{"type":"message","model":"m2","input_tokens":2,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_1h_input_tokens":20},"output_tokens":3}]}}
            """));

        Assert.Equal(("ab", "end_turn", true), (turn.ReplyText, turn.StopReason, turn.ReplyComplete));
        Assert.Equal("server_tool_use", turn.Reply[0].Blocks[1].Type);
        Assert.NotNull(turn.Reply[0].Blocks[1].ContentJson);
        Assert.Equal((10, 20, "fast", "us"), (turn.Usage!.CacheWrite5m, turn.Usage.CacheWrite1h, turn.Usage.ServiceTier, turn.Usage.InferenceGeo));
        Assert.Equal(
            [new UsageIteration("compaction", null, 500, 0, 0, 0, 60), new UsageIteration("message", "m2", 2, 0, 10, 20, 3)],
            turn.Usage.Iterations);
    }

    [Fact]
    public void A_split_larger_than_its_total_is_cut_and_flagged()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", "{}", """
            {"id":"m","content":[],"usage":{"input_tokens":2,"output_tokens":3,"cache_creation_input_tokens":15,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}}}
            """));

        Assert.Equal((0, 15, true), (turn.Usage!.CacheWrite5m, turn.Usage.CacheWrite1h, turn.Usage.Clamped));
    }

    [Theory]
    [InlineData("data: [DONE]\n\n")]
    [InlineData("event: data\ndata: [DONE]\n\n")]
    [InlineData("data: {\"type\":\"ping\"}                 ")]
    public void What_vendors_add_behind_the_end_changes_nothing(string added) =>
        Assert.Equal("I look", Decode(Start + Blocks + End + added).ReplyText);

    [Fact]
    public void What_an_answer_was_refused_for_is_the_reason_of_its_outcome()
    {
        const string Details = "\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"cyber\",\"explanation\":\"no\"}";
        var stream = Invented.TypedEvents(
            ("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}"),
            ("message_delta", $"\"delta\":{{{Details}}},\"usage\":{{\"output_tokens\":9}}"),
            ("message_stop", ""));
        var document = $"{{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],{Details},\"usage\":{{\"input_tokens\":5,\"output_tokens\":9}}}}";
        foreach (var answer in new[] { stream, document, stream.Replace("\"cyber\"", "null", StringComparison.Ordinal) })
        {
            var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/messages", "{}", answer));

            Assert.Equal((Outcome.Completed, "refusal", answer.Contains("cyber", StringComparison.Ordinal) ? "refusal_cyber" : null), (meaning.Outcome, meaning.Turn!.StopReason, meaning.OutcomeReason));
        }
    }

    [Fact]
    public void Zeros_before_the_end_are_not_what_was_used()
    {
        var start = Invented.TypedEvents(("message_start", "\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}"));

        Assert.Null(Decode(start, Ending.ClientAborted).Usage);
        Assert.Equal((12, 30), (Decode(start + End).Usage!.Input, Decode(start + End).Usage!.Output));
    }

    [Fact]
    public void The_output_told_at_the_start_is_a_placeholder_even_when_the_end_tells_none()
    {
        var turn = Decode(Start + Invented.TypedEvents(("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"}"), ("message_stop", "")));

        Assert.Equal((true, false), (turn.ReplyComplete, turn.Usage!.Final));
    }

    [Fact]
    public void A_streamed_block_keeps_the_members_that_no_delta_adds_to()
    {
        var turn = Decode(Start + Invented.TypedEvents(
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\",\"citations\":[{\"url\":\"u\"}]}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"shiny\",\"text\":{\"a\":1},\"thinking\":[1],\"signature\":null,\"input\":7,\"x\":1}"),
            ("content_block_start", "\"index\":2,\"content_block\":{\"type\":\"compaction\",\"content\":null}"),
            ("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"compaction_delta\",\"content\":null}")) + End);

        Assert.Equal(
            """{"role":"assistant","content":[{"type":"text","text":"a","citations":[{"url":"u"}]},{"type":"shiny","text":{"a":1},"thinking":[1],"input":7,"x":1},{"type":"compaction"}]}""",
            System.Text.Encoding.UTF8.GetString(turn.Reply[0].Raw.Span));
    }

    [Fact]
    public void The_only_pass_is_split_as_the_whole_is()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/messages", "{}", """
            {"id":"m","content":[],"usage":{"input_tokens":2,"output_tokens":3,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},
             "iterations":[{"type":"compaction","input_tokens":5,"output_tokens":6},{"type":"message","input_tokens":2,"output_tokens":3,"cache_creation_input_tokens":30}]}}
            """));

        Assert.Equal(new UsageIteration("message", null, 2, 0, 10, 20, 3), turn.Usage!.Iterations[1]);
    }

    [Fact]
    public void Odd_events_and_blanks_before_a_reply_do_not_hide_it()
    {
        var odd = string.Concat(Enumerable.Repeat("data: keepalive\n\n", 1500));

        Assert.Equal("I look", Decode(" \n" + Start + odd + Blocks + End).ReplyText);
        Assert.Equal("msg_1", Decode(" " + Start + Blocks + End).ResponseId);
    }


    private static Turn Decode(string stream, Ending ending = Ending.Completed) =>
        Invented.Decode(Invented.Exchange("/v1/messages", Request, stream) with { Ending = ending });
}
