using System.Text;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The same faults of servers in one dialect after another.</summary>
public sealed class SloppyDialectsTests
{
    private const string Messages = "/v1/messages";
    private const string Chat = "/v1/chat/completions";
    private const string Responses = "/v1/responses";
    private const string Cohere = "/v2/chat";
    private const string Ollama = "/api/chat";
    private const string Complete = "/v1/complete";
    private const string Converse = "/model/amazon.nova-lite-v1%3A0/converse-stream";

    private static readonly (string, string) Start = ("message_start", "\"message\":{\"id\":\"msg_A\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}");
    private static readonly (string, string) End = ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}");

    [Theory]
    [InlineData("data: {0}\ndata: {1}\ndata: {2}\n\n")]
    [InlineData("data: {0} {1}{2}\n\n")]
    [InlineData("data: data: {0}\n\ndata: {1}\n\ndata:data: {2}\n\n")]
    [InlineData("data: {0}\n\n{1}\n\n{2}\n\n")]
    [InlineData("{0}\n{1}\n{2}\n")]
    [InlineData("[{0},\n{1},\n{2}]")]
    public void Frames_that_are_not_quite_to_the_letter_are_read(string framing)
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            var meaning = Interpret(path, framing.Replace("{0}", pieces[0], StringComparison.Ordinal).Replace("{1}", pieces[1], StringComparison.Ordinal).Replace("{2}", pieces[2], StringComparison.Ordinal));

            Assert.Equal((path, "hello", Outcome.Completed, null), (path, meaning.Turn!.ReplyText, meaning.Outcome, meaning.OutcomeReason));
        }
    }

    [Theory]
    [InlineData("\"x\":-Infinity,")]
    [InlineData("\"x\":[NaN,Infinity,-NaN,],")]
    [InlineData("\"x\":\"a\tb\",")]
    public void What_is_nearly_JSON_is_read(string member)
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            var meaning = Interpret(path, Invented.DataEvents([.. pieces.Select(piece => "{" + member + piece[1..])]));

            Assert.Equal((path, "hello", Outcome.Completed, null), (path, meaning.Turn!.ReplyText, meaning.Outcome, meaning.OutcomeReason));
        }
    }

    [Theory]
    [InlineData("{'a': 1}")]
    [InlineData("not at all")]
    public void What_could_not_be_read_is_told_and_an_answer_of_nothing_else_is_none(string broken)
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            var partly = Interpret(path, Invented.DataEvents([pieces[0], broken, .. pieces[1..]]));
            var nothing = Interpret(path, Invented.DataEvents(broken));

            Assert.Equal((path, Outcome.Completed, "events_unread", "hello"), (path, partly.Outcome, partly.OutcomeReason, partly.Turn!.ReplyText));
            Assert.NotEqual(Outcome.Completed, nothing.Outcome);
            Assert.False(nothing.IsTurn);
        }
    }

    [Fact]
    public void A_character_may_lie_in_two_deltas()
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            var halves = pieces.Select(piece => piece.Replace("\"hel\"", "\"\\ud83d\"", StringComparison.Ordinal).Replace("\"lo\"", "\"\\ude00 ok\"", StringComparison.Ordinal)).ToArray();

            Assert.Equal((path, "😀 ok"), (path, Interpret(path, Invented.DataEvents(halves)).Turn!.ReplyText));
        }
    }

    [Fact]
    public void A_plain_answer_labelled_as_coded_is_read_as_what_it_is()
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            foreach (var coding in new[] { "gzip", "br", "zstd", "deflate" })
            {
                var exchange = Invented.Exchange(path, "{}", Invented.DataEvents(pieces)) with { ResponseHeaders = [new("content-encoding", coding)] };

                Assert.Equal((path, coding, "hello"), (path, coding, Invented.Decode(exchange).ReplyText));
            }
        }
    }

    [Fact]
    public void A_coded_answer_without_its_label_is_read_as_what_it_is()
    {
        foreach (var (path, pieces) in DialectPieces.All)
        {
            foreach (var coding in new[] { "gzip", "br", "zstd", "deflate" })
            {
                var exchange = Invented.Exchange(path, "{}"u8.ToArray(), Coded.Encode(Encoding.UTF8.GetBytes(Invented.DataEvents(pieces)), coding));

                Assert.Equal((path, coding, "hello"), (path, coding, Invented.Decode(exchange).ReplyText));
            }
        }
    }

    [Fact]
    public void What_comes_behind_the_end_of_a_block_is_another_block()
    {
        var messages = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one\"}"),
            ("content_block_stop", "\"index\":0"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"h\"}"),
            ("content_block_stop", "\"index\":0"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            End));
        var cohere = Decode(Cohere, Invented.DataEvents(
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"n","arguments":"{}"}}}}}""",
            """{"type":"tool-call-end","index":0}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"id":"u","function":{"name":"m","arguments":"{\"a\":1}"}}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}"""));
        var converse = Decode(Converse, Invented.DataEvents(
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"one"}}}""",
            """{"contentBlockStop":{"contentBlockIndex":0}}""",
            """{"contentBlockStart":{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}}""",
            """{"messageStop":{"stopReason":"tool_use"}}"""));
        var responses = Decode(Responses, Invented.TypedEvents(
            ("response.output_item.done", "\"output_index\":0,\"item\":{\"id\":\"i\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"one\"}]}"),
            ("response.output_text.done", "\"output_index\":0,\"content_index\":0,\"text\":\"one\""),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\" two\""),
            ("response.output_item.done", "\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"t\",\"name\":\"n\",\"arguments\":\"{}\"}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")));

        Assert.Equal(("one", "h", "t"), (messages.ReplyText, messages.ReplyReasoning, Assert.Single(messages.ToolCalls).Id));
        Assert.Equal(["text", "thinking", "tool_use"], messages.Reply[0].Blocks.Select(block => block.Type));
        Assert.Equal([new ToolCall("t", "n", "{}"), new ToolCall("u", "m", "{\"a\":1}")], cohere.ToolCalls);
        Assert.Equal(("one", "t"), (converse.ReplyText, Assert.Single(converse.ToolCalls).Id));
        Assert.Equal(("one two", "t"), (responses.ReplyText, Assert.Single(responses.ToolCalls).Id));
    }

    [Fact]
    public void A_second_generation_stands_alone()
    {
        var cohere = Decode(Cohere, Invented.DataEvents(
            """{"type":"message-start","id":"A"}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"The ans"}}}}""",
            """{"type":"message-start","id":"B"}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"4"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}"""));
        var converse = Decode(Converse, Invented.DataEvents(
            """{"messageStart":{"role":"assistant"}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"The ans"}}}""",
            """{"messageStart":{"role":"assistant"}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"4"}}}""",
            """{"messageStop":{"stopReason":"end_turn"}}"""));
        var complete = Interpret(Complete, Invented.DataEvents(
            """{"type":"completion","id":"A","completion":" The ans","stop_reason":null}""",
            """{"type":"completion","id":"B","completion":" 4","stop_reason":null}""",
            """{"type":"completion","id":"B","completion":"","stop_reason":"stop_sequence"}""")).Turn!;

        Assert.Equal(("B", "4"), (cohere.ResponseId, cohere.ReplyText));
        Assert.Equal("4", converse.ReplyText);
        Assert.Equal(("B", " 4"), (complete.ResponseId, complete.ReplyText));
    }

    [Fact]
    public void A_repeated_zero_does_not_erase_a_count()
    {
        var converse = Decode(Converse, Invented.DataEvents(
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"x"}}}""",
            """{"metadata":{"usage":{"inputTokens":5,"outputTokens":1,"cacheReadInputTokens":7}}}""",
            """{"messageStop":{"stopReason":"end_turn"}}""",
            """{"metadata":{"usage":{"inputTokens":0,"outputTokens":9,"cacheReadInputTokens":0}}}"""));
        var ollama = Decode(Ollama, "{\"model\":\"l\",\"message\":{\"content\":\"x\"},\"done\":false,\"prompt_eval_count\":5,\"eval_count\":1}\n{\"model\":\"l\",\"message\":{\"content\":\"\"},\"done\":true,\"prompt_eval_count\":0,\"eval_count\":9}\n");
        var cohere = Decode(Cohere, Invented.DataEvents(
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"x"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":0,"output_tokens":9}}}}"""));

        Assert.Equal((12, 7, 9), (converse.Usage!.InputTotal, converse.Usage.CacheRead, converse.Usage.Output));
        Assert.Equal((5, 9), (ollama.Usage!.InputTotal, ollama.Usage.Output));
        Assert.Equal((5, 9), (cohere.Usage!.InputTotal, cohere.Usage.Output));
    }

    [Fact]
    public void Usage_is_found_beside_the_place_that_it_should_have()
    {
        var messages = Decode(Messages, Invented.TypedEvents(
            ("message_start", "\"message\":{\"id\":\"m\",\"role\":\"assistant\",\"content\":[]}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"}"),
            ("message_stop", "\"usage\":{\"input_tokens\":5,\"output_tokens\":9}")));
        var beside = Decode(Responses, Invented.TypedEvents(
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"x\""),
            ("response.completed", "\"usage\":{\"input_tokens\":5,\"output_tokens\":9},\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[],\"usage\":{}}")));

        Assert.Equal((5, 9), (messages.Usage!.InputTotal, messages.Usage.Output));
        Assert.Equal((5, 9), (beside.Usage!.InputTotal, beside.Usage.Output));
    }

    [Fact]
    public void A_call_that_is_told_at_two_indices_is_one()
    {
        var messages = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("content_block_delta", "\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}"),
            End));
        var responses = Decode(Responses, Invented.TypedEvents(
            ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"function_call\",\"call_id\":\"t\",\"name\":\"n\",\"arguments\":\"\"}"),
            ("response.output_item.done", "\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"t\",\"name\":\"n\",\"arguments\":\"{\\\"a\\\":1}\"}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")));
        var cohere = Decode(Cohere, Invented.DataEvents(
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"n","arguments":""}}}}}""",
            """{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"n","arguments":"{\"a\""}}}}}""",
            """{"type":"tool-call-delta","index":1,"delta":{"message":{"tool_calls":{"function":{"arguments":":1}"}}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}"""));

        Assert.All(new[] { messages, responses, cohere }, turn => Assert.Equal([new ToolCall("t", "n", "{\"a\":1}")], turn.ToolCalls));
    }

    [Fact]
    public void Calls_without_arguments_stay_two()
    {
        var turn = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"n\",\"input\":{}}"),
            End));

        Assert.Equal(["t", "u"], turn.ToolCalls.Select(call => call.Id));
    }

    [Fact]
    public void A_whole_message_behind_its_deltas_is_said_once()
    {
        const string First = """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"hel","reasoning_content":"h"}}]}""";
        const string Second = """{"id":"c","choices":[{"index":0,"delta":{"content":"lo","tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{}"}}]}}]}""";
        const string Whole = """{"role":"assistant","content":"hello","reasoning_content":"h","tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{}"}}]}""";
        string[] lasts =
        [
            $$$"""{"id":"c","choices":[{"index":0,"message":{{{Whole}}},"finish_reason":"tool_calls"}]}""",
            $$$"""{"id":"c","choices":[{"index":0,"delta":{},"message":{{{Whole}}},"finish_reason":"tool_calls"}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":"tool_calls"}]}""",
            """{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":"tool_calls"}]}""",
        ];
        foreach (var last in lasts)
        {
            var chat = Decode(Chat, Invented.DataEvents(First, Second, last, "[DONE]"));

            Assert.Equal(("hello", "h", "t", "tool_calls"), (chat.ReplyText, chat.ReplyReasoning, Assert.Single(chat.ToolCalls).Id, chat.StopReason));
        }

        var messages = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}"),
            ("message", "\"id\":\"msg_A\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hello\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":5,\"output_tokens\":9}")));
        var ollama = Decode(Ollama, "{\"message\":{\"content\":\"hel\"},\"done\":false}\n{\"message\":{\"content\":\"lo\"},\"done\":false}\n{\"message\":{\"content\":\"hello\"},\"done\":true,\"done_reason\":\"stop\"}\n");
        var complete = Decode(Complete, Invented.TypedEvents(("completion", "\"completion\":\"hel\""), ("completion", "\"completion\":\"lo\""), ("completion", "\"completion\":\"hello\",\"stop_reason\":\"stop_sequence\"")));
        var responses = Decode(Responses, Invented.TypedEvents(
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"hello\""),
            ("response.output_text.done", "\"output_index\":0,\"content_index\":0,\"text\":\"hello\""),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")));

        Assert.All(new[] { messages, ollama, complete, responses }, turn => Assert.Equal(("hello", true), (turn.ReplyText, turn.ReplyComplete)));
        Assert.Equal((5, 9), (messages.Usage!.InputTotal, messages.Usage.Output));
    }

    [Fact]
    public void Pieces_that_are_called_messages_are_pieces()
    {
        var turn = Decode(Chat, Invented.DataEvents(
            """{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hel"}}]}""",
            """{"id":"c","choices":[{"index":0,"message":{"content":"lo"},"finish_reason":"stop"}]}"""));

        Assert.Equal("hello", turn.ReplyText);
    }

    [Fact]
    public void A_text_that_is_told_whole_and_in_no_pieces_is_read() =>
        Assert.Equal("hello", Decode(Responses, Invented.TypedEvents(
            ("response.output_text.done", "\"output_index\":0,\"content_index\":0,\"text\":\"hello\""),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}"))).ReplyText);

    private static Turn Decode(string path, string response) => Invented.Decode(Invented.Exchange(path, "{}", response));

    private static InterpretedExchange Interpret(string path, string response) => new ExchangeInterpreter().Interpret(Invented.Exchange(path, "{}", response));
}
