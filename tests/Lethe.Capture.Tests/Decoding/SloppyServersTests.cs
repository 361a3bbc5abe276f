using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>What servers and gateways really send: read where there is one way to read it, told of where there is none.</summary>
public sealed class SloppyServersTests
{
    private const string Messages = "/v1/messages";
    private const string Chat = "/v1/chat/completions";
    private const string Responses = "/v1/responses";

    private static readonly (string, string) Start = ("message_start", "\"message\":{\"id\":\"msg_A\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":120,\"cache_read_input_tokens\":5000,\"output_tokens\":1}}");
    private static readonly (string, string) Stop = ("message_stop", "");

    [Fact]
    public void A_block_that_begins_is_another_one_whatever_its_index()
    {
        var turn = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"I will look.\"}"),
            ("content_block_stop", "\"index\":0"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":{}}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"Read\",\"input\":{}}"),
            Stop));

        Assert.Equal("I will look.", turn.ReplyText);
        Assert.Equal([new ToolCall("t1", "Bash", "{\"a\":1}"), new ToolCall("t2", "Read", "{}")], turn.ToolCalls);
    }

    [Fact]
    public void An_item_that_begins_is_another_one_whatever_its_index()
    {
        var turn = Decode(Responses, Invented.TypedEvents(
            ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}"),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"I will look.\""),
            ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"function_call\",\"call_id\":\"t1\",\"name\":\"Bash\",\"arguments\":\"\"}"),
            ("response.function_call_arguments.delta", "\"output_index\":0,\"delta\":\"{}\""),
            ("response.output_item.done", "\"output_index\":0,\"item\":{\"type\":\"function_call\",\"call_id\":\"t1\",\"name\":\"Bash\",\"arguments\":\"{}\"}"),
            ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"function_call\",\"call_id\":\"t2\",\"name\":\"Read\",\"arguments\":\"{}\"}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")));

        Assert.Equal("I will look.", turn.ReplyText);
        Assert.Equal(["t1", "t2"], turn.ToolCalls.Select(call => call.Id));
    }

    [Theory]
    [InlineData("""{"index":0,"id":"X","function":{"name":"exec","arguments":""}}""", """{"index":1,"id":"X","function":{"name":"exec","arguments":"{\"cmd\":\"ls\"}"}}""", "X={\"cmd\":\"ls\"}")]
    [InlineData("""{"index":0,"id":"X","function":{"name":"exec","arguments":"{\"cmd\""}}""", """{"index":3,"id":"X","function":{"arguments":":\"ls\"}"}}""", "X={\"cmd\":\"ls\"}")]
    [InlineData("""{"index":0,"id":"X","function":{"name":"exec","arguments":"{}"}}""", """{"index":0,"id":"Y","function":{"name":"exec","arguments":"{}"}}""", "X={} Y={}")]
    [InlineData("""{"id":"X","function":{"name":"exec","arguments":"{\"a\""}}""", """{"id":"X","function":{"name":"exec","arguments":":1}"}}""", "X={\"a\":1}")]
    [InlineData("""{"index":0,"id":"X","function":{"name":"exec","arguments":"{}"}}""", """{"index":1,"id":"X","function":{"name":"exec","arguments":"{}"}}""", "X={} X={}")]
    public void The_id_names_the_call_before_the_index(string first, string second, string calls)
    {
        var turn = Decode(Chat, Invented.DataEvents(
            $$$"""{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{{{first}}}]}}]}""",
            $$$"""{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{{{second}}}]}}]}""",
            "[DONE]"));

        Assert.Equal(calls, string.Join(' ', turn.ToolCalls.Select(call => $"{call.Id}={call.ArgumentsJson}")));
    }

    [Fact]
    public void A_second_generation_in_one_body_stands_alone()
    {
        var messages = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"The ans\"}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            ("message_start", "\"message\":{\"id\":\"msg_B\",\"model\":\"d\",\"content\":[],\"usage\":{\"input_tokens\":130,\"output_tokens\":1}}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"The answer is 4.\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":30}"),
            Stop));
        var chat = Decode(Chat, Invented.DataEvents(
            """{"id":"A","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""",
            """{"id":"A","model":"m","choices":[{"index":0,"delta":{"content":"The ans"}}]}""",
            """{"id":"B","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""",
            """{"id":"B","model":"m","choices":[{"index":0,"delta":{"content":"The answer is 4."},"finish_reason":"stop"}]}""",
            "[DONE]"));
        var responses = Decode(Responses, Invented.TypedEvents(
            ("response.created", "\"response\":{\"id\":\"A\",\"status\":\"in_progress\",\"output\":[]}"),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"The ans\""),
            ("response.created", "\"response\":{\"id\":\"B\",\"status\":\"in_progress\",\"output\":[]}"),
            ("response.output_text.delta", "\"output_index\":0,\"content_index\":0,\"delta\":\"The answer is 4.\""),
            ("response.completed", "\"response\":{\"id\":\"B\",\"status\":\"completed\",\"output\":[]}")));

        Assert.Equal(("msg_B", "The answer is 4.", 0, 130, 30), (messages.ResponseId, messages.ReplyText, messages.ToolCalls.Count, messages.Usage!.InputTotal, messages.Usage.Output));
        Assert.Equal(("B", "The answer is 4."), (chat.ResponseId, chat.ReplyText));
        Assert.Equal(("B", "The answer is 4."), (responses.ResponseId, responses.ReplyText));
    }

    [Fact]
    public void Where_every_chunk_has_another_id_and_a_role_all_are_one_answer()
    {
        var turn = Decode(Chat, Invented.DataEvents(
            """{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}""",
            """{"id":"2","choices":[{"index":0,"delta":{"role":"assistant","content":"b"}}]}""",
            """{"id":"3","choices":[{"index":0,"delta":{"role":"assistant","content":"c"},"finish_reason":"stop"}]}"""));

        Assert.Equal("abc", turn.ReplyText);
    }

    [Fact]
    public void Messages_that_follow_one_another_in_one_stream_are_all_paid()
    {
        var one = Invented.TypedEvents(
            ("message_start", "\"message\":{\"id\":\"A\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":100,\"output_tokens\":1}}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":10}"),
            Stop);
        var turn = Decode(Messages, one + one.Replace("\"A\"", "\"B\"", StringComparison.Ordinal));

        Assert.Equal(("B", "aa", 200, 20, true), (turn.ResponseId, turn.ReplyText, turn.Usage!.InputTotal, turn.Usage.Output, turn.Usage.Final));
    }

    [Fact]
    public void A_zero_that_contradicts_an_earlier_count_is_no_count()
    {
        var messages = Decode(Messages, Invented.TypedEvents(
            Start,
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":30}"),
            Stop));
        var chat = Decode(Chat, Invented.DataEvents(
            """{"id":"i","choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":19,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":7}}}""",
            """{"id":"i","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}}""",
            """{"id":"i","choices":[],"usage":{}}""",
            "[DONE]"));
        var responses = Decode(Responses, Invented.TypedEvents(
            ("response.in_progress", "\"response\":{\"id\":\"r\",\"output\":[],\"usage\":{\"input_tokens\":19,\"output_tokens\":0}}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":0,\"output_tokens\":13}}")));

        Assert.Equal((5120, 5000, 30), (messages.Usage!.InputTotal, messages.Usage.CacheRead, messages.Usage.Output));
        Assert.Equal((19, 7, 13), (chat.Usage!.InputTotal, chat.Usage.CacheRead, chat.Usage.Output));
        Assert.Equal((19, 13), (responses.Usage!.InputTotal, responses.Usage.Output));
    }

    [Theory]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","usage":{"prompt_tokens":19,"completion_tokens":13,"total_tokens":32}}]}""")]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":"a","usage":{"prompt_tokens":19,"completion_tokens":13}},"finish_reason":"stop"}]}""")]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":19,"completion_tokens":13}}}""")]
    public void Usage_is_found_wherever_a_vendor_puts_it(string chunk)
    {
        var stream = Decode(Chat, Invented.DataEvents(chunk, "[DONE]"));
        var document = Decode(Chat, chunk.Replace("\"delta\"", "\"message\"", StringComparison.Ordinal));

        Assert.Equal((19, 13), (stream.Usage!.InputTotal, stream.Usage.Output));
        Assert.Equal((19, 13), (document.Usage!.InputTotal, document.Usage.Output));
    }

    [Theory]
    [InlineData("reasoning_text")]
    [InlineData("cot_summary")]
    [InlineData("reasoning_content")]
    [InlineData("reasoning")]
    public void Thoughts_are_found_under_every_vendors_name(string name)
    {
        var stream = Decode(Chat, Invented.DataEvents(
            $$$"""{"choices":[{"index":0,"delta":{"{{{name}}}":"thi"}}]}""",
            $$$"""{"choices":[{"index":0,"delta":{"{{{name}}}":"nk","content":"ans"},"finish_reason":"stop"}]}"""));
        var document = Decode(Chat, $$$"""{"choices":[{"index":0,"message":{"{{{name}}}":"think","content":"ans"},"finish_reason":"stop"}]}""");

        Assert.Equal(("think", "ans"), (stream.ReplyReasoning, stream.ReplyText));
        Assert.Equal(("think", "ans"), (document.ReplyReasoning, document.ReplyText));
    }

    [Theory]
    [InlineData("data: {0}\ndata: {1}\ndata: {2}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {0}\ndata: {1}\ndata: {2}\ndata: [DONE]\n\n")]
    [InlineData("data: {0} {1}{2}\n\ndata: [DONE]\n\n")]
    [InlineData("data: data: {0}\n\ndata: {1}\n\ndata:data: {2}\n\ndata: [DONE]\n\n")]
    [InlineData("event: x\ndata: {0}\nevent: x\ndata: {1}\nevent: x\ndata: {2}\n\n")]
    [InlineData("data: {0}\n\n{1}\n\n{2}\n\n")]
    [InlineData("{0}\n{1}\n{2}\n")]
    [InlineData("{0}{1}{2}")]
    [InlineData("[{0},\n{1},\n{2}]")]
    [InlineData("[{0},\n{1},\n{2}\n")]
    public void Frames_that_are_not_quite_to_the_letter_are_read_in_every_dialect(string framing)
    {
        foreach (var (path, pieces) in Pieces)
        {
            var meaning = Interpret(path, framing.Replace("{0}", pieces[0], StringComparison.Ordinal).Replace("{1}", pieces[1], StringComparison.Ordinal).Replace("{2}", pieces[2], StringComparison.Ordinal));

            Assert.Equal((path, "hello", Outcome.Completed, null), (path, meaning.Turn!.ReplyText, meaning.Outcome, meaning.OutcomeReason));
        }
    }

    [Theory]
    [InlineData("\"x\":-Infinity,")]
    [InlineData("\"x\":[NaN,Infinity,-NaN,],")]
    [InlineData("\"x\":\"a\tb\",")]
    [InlineData("\"x\":{\"y\":1,},")]
    public void What_is_nearly_JSON_is_read_in_every_dialect(string member)
    {
        foreach (var (path, pieces) in Pieces)
        {
            var meaning = Interpret(path, Invented.DataEvents([.. pieces.Select(piece => "{" + member + piece[1..]), "[DONE]"]));

            Assert.Equal((path, "hello", Outcome.Completed, null), (path, meaning.Turn!.ReplyText, meaning.Outcome, meaning.OutcomeReason));
        }
    }

    [Theory]
    [InlineData("{'a': 1}")]
    [InlineData("{\"choices\":[{")]
    [InlineData("not at all")]
    public void What_could_not_be_read_is_told_and_an_answer_of_nothing_else_is_none(string broken)
    {
        foreach (var (path, pieces) in Pieces)
        {
            var partly = Interpret(path, Invented.DataEvents([pieces[0], broken, .. pieces[1..], "[DONE]"]));
            var nothing = Interpret(path, Invented.DataEvents(broken, "[DONE]"));

            Assert.Equal((Outcome.Completed, "events_unread", "hello"), (partly.Outcome, partly.OutcomeReason, partly.Turn!.ReplyText));
            Assert.NotEqual(Outcome.Completed, nothing.Outcome);
            Assert.NotNull(nothing.OutcomeReason);
            Assert.False(nothing.IsTurn);
        }
    }

    [Fact]
    public void A_stream_of_things_that_nobody_knows_is_no_completed_answer()
    {
        foreach (var (path, _) in Pieces)
        {
            var meaning = Interpret(path, Invented.DataEvents("""{"unheard":"of"}""", "[DONE]"));

            Assert.NotEqual(Outcome.Completed, meaning.Outcome);
            Assert.NotNull(meaning.OutcomeReason);
        }
    }

    [Fact]
    public void A_delta_may_end_inside_a_character()
    {
        foreach (var (first, second, text) in new[] { ("\\ud83d", "\\ude00 ok", "😀 ok"), ("a\\uD83D", "b", "a\ufffdb"), ("a", "\\ude00b", "a\ufffdb"), ("x\\ud83d\\ude00", "\\ud83d", "x😀\ufffd") })
        {
            var messages = Decode(Messages, Invented.TypedEvents(
                Start,
                ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
                ("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{first}\"}}"),
                ("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{second}\"}}"),
                Stop));
            var chat = Decode(Chat, Invented.DataEvents(
                $$$"""{"choices":[{"index":0,"delta":{"content":"{{{first}}}","reasoning":"{{{first}}}"}}]}""",
                $$$"""{"choices":[{"index":0,"delta":{"content":"{{{second}}}","reasoning":"{{{second}}}"},"finish_reason":"stop"}]}"""));
            var responses = Decode(Responses, Invented.TypedEvents(
                ("response.output_text.delta", $"\"output_index\":0,\"content_index\":0,\"delta\":\"{first}\""),
                ("response.output_text.delta", $"\"output_index\":0,\"content_index\":0,\"delta\":\"{second}\"")));

            Assert.Equal((text, text, text, text), (messages.ReplyText, chat.ReplyText, chat.ReplyReasoning, responses.ReplyText));
        }
    }

    [Fact]
    public void A_delta_may_end_inside_a_characters_bytes_and_arguments_too()
    {
        var calls = Decode(Chat, Invented.DataEvents(
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{\"a\":\"\ud83d"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ude00\"}"}}]}}]}""",
            "[DONE]"));
        // é is C3 A9 in UTF-8, of which each event has one byte.
        var split = Encoding.Latin1.GetBytes(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"caf\u00c3\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u00a9!\"},\"finish_reason\":\"stop\"}]}\n\n");

        Assert.Equal("{\"a\":\"\U0001f600\"}", Assert.Single(calls.ToolCalls).ArgumentsJson);
        Assert.Equal("café!", Invented.Decode(Invented.Exchange(Chat, "{}"u8.ToArray(), split)).ReplyText);
    }

    [Fact]
    public void A_first_chunk_that_says_nothing_is_no_answer_of_a_call_that_was_cut()
    {
        foreach (var (path, stream) in new[]
        {
            (Messages, Invented.TypedEvents(Start)),
            (Chat, Invented.DataEvents("""{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""")),
            (Responses, Invented.TypedEvents(("response.created", "\"response\":{\"id\":\"r\",\"output\":[]}"))),
        })
        {
            var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange(path, """{"stream":true}""", stream) with { Ending = Ending.ClientAborted });

            Assert.Equal((Outcome.ClientAborted, false), (meaning.Outcome, meaning.IsTurn));
        }
    }

    [Fact]
    public void Of_a_cut_stream_commands_patches_and_code_are_kept()
    {
        var stream = Invented.TypedEvents(
            ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"shell_call\",\"call_id\":\"s\",\"action\":{\"commands\":[],\"timeout_ms\":9}}"),
            ("response.shell_call_command.delta", "\"output_index\":0,\"command_index\":0,\"delta\":\"ls \""),
            ("response.shell_call_command.delta", "\"output_index\":0,\"command_index\":0,\"delta\":\"-a\""),
            ("response.output_item.added", "\"output_index\":1,\"item\":{\"type\":\"apply_patch_call\",\"call_id\":\"p\",\"operation\":{\"type\":\"update_file\",\"path\":\"x\"}}"),
            ("response.apply_patch_call_operation_diff.delta", "\"output_index\":1,\"delta\":\"+a\""),
            ("response.output_item.added", "\"output_index\":2,\"item\":{\"type\":\"code_interpreter_call\",\"id\":\"i\"}"),
            ("response.code_interpreter_call_code.delta", "\"output_index\":2,\"delta\":\"print(1)\""));

        var turn = Invented.Decode(Invented.Exchange(Responses, "{}", stream) with { Ending = Ending.UpstreamAborted });

        Assert.Equal(
            [new ToolCall("s", "shell", """{"timeout_ms":9,"commands":["ls -a"]}"""), new ToolCall("p", "apply_patch", """{"type":"update_file","path":"x","diff":"+a"}""")],
            turn.ToolCalls);
        Assert.Contains("print(1)", turn.Reply[2].Blocks[0].ContentJson, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failed", false)]
    [InlineData("completed", true)]
    [InlineData("incomplete", true)]
    [InlineData("in_progress", false)]
    public void A_response_that_failed_is_not_complete(string status, bool complete) =>
        Assert.Equal(complete, Decode(Responses, $$"""{"id":"r","object":"response","status":"{{status}}","output":[]}""").ReplyComplete);

    [Fact]
    public void Requests_that_differ_in_how_the_answer_is_carried_are_the_same_request()
    {
        string? Key(string path, string members) => new ExchangeInterpreter().Interpret(Invented.Exchange(path, $$"""{"model":"m",{{members}}"messages":[{"role":"user","content":"hi"}],"input":"hi"}""", "")).RetryKey;

        foreach (var (path, _) in Pieces)
        {
            Assert.Equal(Key(path, ""), Key(path, "\"stream\":true,"));
            Assert.Equal(Key(path, ""), Key(path, "\"stream\":false,\"stream_options\":{\"include_usage\":true},"));
            Assert.NotEqual(Key(path, ""), Key(path, "\"temperature\":1,"));
            Assert.NotEqual(Key(path, ""), Key(path, "\"tools\":[{\"name\":\"n\"}],"));
        }
    }

    private static readonly (string Path, string[] Pieces)[] Pieces =
    [
        (Messages,
        [
            """{"type":"message_start","message":{"id":"m","model":"c","role":"assistant","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}""",
        ]),
        (Chat,
        [
            """{"id":"i","choices":[{"index":0,"delta":{"role":"assistant","content":"hel"}}]}""",
            """{"id":"i","choices":[{"index":0,"delta":{"content":"lo"}}]}""",
            """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        ]),
        (Responses,
        [
            """{"type":"response.created","response":{"id":"r","status":"in_progress","output":[]}}""",
            """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"hello"}""",
            """{"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}""",
        ]),
    ];

    private static Turn Decode(string path, string response) => Invented.Decode(Invented.Exchange(path, "{}", response));

    private static InterpretedExchange Interpret(string path, string response) => new ExchangeInterpreter().Interpret(Invented.Exchange(path, "{}", response));
}
