using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

public sealed class ResponsesTests
{
    private const string Request = """
        {"model":"gpt-r","stream":true,"instructions":"be brief","previous_response_id":"resp_0","tools":[{"type":"function","name":"look"}],"input":[
          {"role":"user","content":"look"},
          {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"ENC"},
          {"type":"function_call","id":"fc_1","call_id":"c0","name":"look","arguments":"{\"at\":1}","status":"completed"},
          {"type":"function_call_output","call_id":"c0","output":"seen"},
          {"type":"custom_tool_call_output","call_id":"c9","output":[{"type":"input_text","text":"x"},{"type":"input_text","text":"y"}]},
          {"type":"message","role":"developer","content":[{"type":"input_text","text":"note"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]}
        """;

    private const string Reasoning = """{"type":"reasoning","id":"rs_2","summary":[{"type":"summary_text","text":"think"}],"encrypted_content":"E2"}""";
    private const string Call = """{"type":"function_call","id":"fc_2","call_id":"c1","name":"look","arguments":"{\"at\":2}","status":"completed"}""";
    private const string Said = """{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello","annotations":[]}]}""";
    private const string Counts = """{"input_tokens":20,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":2},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":29}""";

    private static readonly (string, string)[] Opening =
    [
        ("response.created", "\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-r-1\",\"status\":\"in_progress\",\"output\":[],\"usage\":null}"),
        ("keepalive", "\"sequence_number\":1"),
        ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"reasoning\",\"id\":\"rs_2\",\"summary\":[]}"),
        ("response.reasoning_summary_text.delta", "\"output_index\":0,\"summary_index\":0,\"delta\":\"thi\""),
        ("response.reasoning_summary_text.delta", "\"output_index\":0,\"summary_index\":0,\"delta\":\"nk\",\"obfuscation\":\"xx\""),
        ("response.output_item.done", "\"output_index\":0,\"item\":" + Reasoning),
        ("response.output_item.added", "\"output_index\":1,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[]}"),
        ("response.output_text.delta", "\"output_index\":1,\"content_index\":0,\"delta\":\"Hel\""),
        ("response.output_text.delta", "\"output_index\":1,\"content_index\":0,\"delta\":\"lo\""),
        ("response.output_item.added", "\"output_index\":2,\"item\":{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"look\",\"arguments\":\"\"}"),
        ("response.function_call_arguments.delta", "\"output_index\":2,\"delta\":\"{\\\"at\\\"\""),
        ("response.function_call_arguments.delta", "\"output_index\":2,\"delta\":\":2}\""),
    ];

    private static readonly (string, string)[] Done =
    [
        ("response.output_item.done", "\"output_index\":1,\"item\":" + Said),
        ("response.output_item.done", "\"output_index\":2,\"item\":" + Call),
    ];

    [Theory]
    [InlineData(Reasoning + "," + Said + "," + Call)]
    [InlineData("")]
    public void The_terminal_response_is_the_reply_or_where_it_is_empty_the_items_that_were_done(string output)
    {
        var turn = Stream([.. Opening, .. Done, ("response.completed", $"\"response\":{{\"id\":\"resp_1\",\"model\":\"gpt-r-1\",\"status\":\"completed\",\"service_tier\":\"priority\",\"output\":[{output}],\"usage\":{Counts}}}")]);

        Assert.Equal(("resp_1", "gpt-r-1", "completed", "resp_0", true), (turn.ResponseId, turn.ModelServed, turn.StopReason, turn.PreviousResponseId, turn.ReplyComplete));
        AssertReply(turn);
        Assert.Equal((10, 8, 2, 9, 3), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.CacheWrite5m, turn.Usage.Output, turn.Usage.Reasoning));
        Assert.Equal(("priority", true), (turn.Usage.ServiceTier, turn.Usage.Final));
    }

    [Fact]
    public void A_cut_stream_is_put_together_from_its_deltas()
    {
        var turn = Invented.Decode(Exchange(Opening) with { Ending = Ending.UpstreamAborted });

        AssertReply(turn);
        Assert.False(turn.ReplyComplete);
        Assert.Null(turn.Usage);
    }

    [Fact]
    public void The_input_is_one_message_for_each_item()
    {
        var turn = Stream(Opening);

        Assert.Equal(["user", "assistant", "assistant", "tool", "tool", "developer"], turn.Prompt.Select(message => message.Role));
        Assert.Equal([new Block { Type = "thinking", Thinking = "a\nb", ThinkingSignature = "ENC" }], turn.Prompt[1].Blocks);
        Assert.Equal([new Block { Type = "tool_use", ToolUseId = "c0", ToolName = "look", ToolInputJson = "{\"at\":1}" }], turn.Prompt[2].Blocks);
        Assert.Equal([new Block { Type = "text", Text = "note" }, new Block { Type = "image", MediaType = "image/png", ImageBase64 = "AAAA" }], turn.Prompt[5].Blocks);
        Assert.Equal([new ToolResult("c0", false, "seen"), new ToolResult("c9", false, "x\ny")], turn.ToolResults);
        Assert.Equal("\"be brief\""u8.ToArray(), turn.System);
    }

    [Fact]
    public void Pages_that_are_opened_are_no_searches()
    {
        const string Response = """
            {"id":"resp_1","object":"response","status":"completed","model":"gpt-r","usage":{"input_tokens":3,"output_tokens":1,"total_tokens":4},"output":[
             {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},
             {"type":"web_search_call","id":"ws_2","status":"completed","action":{"type":"open_page","url":"https://example.test/"}},
             {"type":"web_search_call","id":"ws_3","status":"completed","action":{"type":"find_in_page","pattern":"p"}}]}
            """;

        Assert.Equal(1, Invented.Decode(Invented.Exchange("/v1/responses", Request.Replace("\"stream\":true,", "", StringComparison.Ordinal), Response)).Usage!.WebSearches);
    }

    [Fact]
    public void A_string_input_is_one_user_message()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/responses", "{\"model\":\"m\",\"input\":\"hi\"}", $"{{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[{Said}],\"usage\":{Counts}}}"));

        Assert.Equal(("user", "hi"), (turn.Prompt[0].Role, Assert.Single(turn.Prompt[0].Blocks).Text));
        Assert.Equal(("Hello", true, false), (turn.ReplyText, turn.ReplyComplete, turn.Stream));
    }

    [Fact]
    public void An_incomplete_response_names_its_reason_and_a_failed_one_its_error()
    {
        var incomplete = Stream([.. Opening, ("response.incomplete", "\"response\":{\"id\":\"resp_1\",\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},\"output\":[]}")]);
        var failed = Stream([.. Opening, ("response.failed", "\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"insufficient_quota\",\"message\":\"spent\"},\"output\":[]}")]);
        var broken = Stream([.. Opening, ("error", "\"code\":\"server_error\",\"message\":\"oh\",\"param\":null")]);

        Assert.Equal(("max_output_tokens", true, "Hello"), (incomplete.StopReason, incomplete.ReplyComplete, incomplete.ReplyText));
        Assert.Equal((new ExchangeError("stream", null, "insufficient_quota", "spent"), false), (failed.Error!, failed.ReplyComplete));
        Assert.Equal(new ExchangeError("stream", null, "server_error", "oh"), broken.Error);
    }

    [Fact]
    public void A_custom_tools_input_is_a_json_string_and_server_tools_are_kept_as_json()
    {
        const string Output = """
            {"type":"custom_tool_call","id":"ctc","call_id":"c5","name":"apply_patch","input":"*** Begin"},
            {"type":"local_shell_call","id":"ls","call_id":"c6","status":"completed","action":{"type":"exec","command":["ls"]}},
            {"type":"web_search_call","id":"ws_1","status":"completed","action":{"query":"q"}}
            """;
        var turn = Invented.Decode(Invented.Exchange("/v1/responses", Request, $"{{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[{Output}],\"usage\":{Counts}}}"));

        Assert.Equal([new ToolCall("c5", "apply_patch", "\"*** Begin\""), new ToolCall("c6", "local_shell", "{\"type\":\"exec\",\"command\":[\"ls\"]}")], turn.ToolCalls);
        Assert.Equal(new Block { Type = "web_search_call", ContentJson = "{\"type\":\"web_search_call\",\"action\":{\"query\":\"q\"}}" }, turn.Reply[2].Blocks[0]);
        Assert.Equal(1, turn.Usage!.WebSearches);
    }

    [Fact]
    public void A_queued_response_is_not_the_end_and_a_stored_one_is_no_turn()
    {
        const string Queued = "{\"id\":\"r\",\"object\":\"response\",\"status\":\"queued\",\"background\":true,\"output\":[],\"usage\":null}";
        var queued = Invented.Decode(Invented.Exchange("/v1/responses", "{\"input\":\"hi\"}", Queued));
        var stored = Invented.Decode(Invented.Exchange("/v1/responses/r", "", $"{{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[{Said}],\"usage\":{Counts}}}") with { Method = "GET" });

        Assert.Equal(("queued", false), (queued.StopReason, queued.ReplyComplete));
        Assert.Null(queued.Usage);
        Assert.Equal(("responses_get", Operation.Other, "Hello"), (stored.Endpoint, stored.Operation, stored.ReplyText));
        Assert.Equal(20, stored.Usage!.InputTotal);
    }

    [Fact]
    public void What_items_carry_tells_them_apart()
    {
        var turn = Invented.Decode(Invented.Exchange("/v1/responses", """
            {"input":[{"type":"shell_call_output","call_id":"c1","output":[{"stdout":"AAA","outcome":{"type":"exit","exit_code":0}}]},
             {"type":"tool_search_output","id":"tso_1","call_id":null,"execution":"server","tools":[{"name":"t"}]},
             {"type":"tool_search_output","call_id":"c2","execution":"client","tools":[{"name":"t"}]},
             {"type":"mcp_approval_request","id":"mcpr_1","name":"n"},{"type":"mcp_approval_response","approval_request_id":"mcpr_1","approve":false},
             {"type":"compaction","id":"cmp_1","encrypted_content":"xyz"}]}
            """, "{}"));

        Assert.Equal(
            [
                new Block { Type = "tool_result", ToolResultId = "c1", ToolOutput = """[{"stdout":"AAA","outcome":{"type":"exit","exit_code":0}}]""" },
                new Block { Type = "tool_search_output", ContentJson = """{"type":"tool_search_output","execution":"server","tools":[{"name":"t"}]}""" },
                new Block { Type = "tool_result", ToolResultId = "c2", ToolOutput = """[{"name":"t"}]""" },
                new Block { Type = "mcp_approval_request", ContentJson = """{"type":"mcp_approval_request","id":"mcpr_1","name":"n"}""" },
                new Block { Type = "mcp_approval_response", ContentJson = """{"type":"mcp_approval_response","approval_request_id":"mcpr_1","approve":false}""" },
                new Block { Type = "compaction", ContentJson = """{"type":"compaction","encrypted_content":"xyz"}""" },
            ],
            turn.Prompt.Select(message => Assert.Single(message.Blocks)));
        Assert.Equal(["c1", "c2"], turn.ToolResults.Select(result => result.Id));
    }

    [Theory]
    [InlineData("client", 1)]
    [InlineData("server", 0)]
    public void A_tool_search_is_a_call_when_the_client_makes_it(string execution, int calls)
    {
        var item = $"{{\"type\":\"tool_search_call\",\"execution\":\"{execution}\",\"call_id\":\"c2\",\"arguments\":{{\"goal\":\"g\"}}}}";
        var turn = Invented.Decode(Invented.Exchange("/v1/responses", "{}", $"{{\"id\":\"r\",\"status\":\"completed\",\"output\":[{item}]}}"));

        Assert.Equal(Enumerable.Repeat(new ToolCall("c2", "tool_search", "{\"goal\":\"g\"}"), calls), turn.ToolCalls);
    }

    [Fact]
    public void Events_that_do_not_say_which_item_they_are_about_follow_the_one_that_began_it()
    {
        var turn = Stream([
            ("response.created", "\"response\":{\"id\":\"r\"}"),
            ("response.output_item.added", "\"item\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}"),
            ("response.output_text.delta", "\"content_index\":0,\"delta\":\"Hel\""),
            ("response.output_text.delta", "\"content_index\":0,\"delta\":\"lo\""),
            ("response.output_item.done", "\"item\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\"}]}"),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")]);

        Assert.Equal(("Hello", 1), (turn.ReplyText, turn.Reply.Count));
    }

    [Fact]
    public void The_rest_of_a_background_stream_that_was_cut_can_be_asked_for()
    {
        var cut = Invented.Exchange("/v1/responses", """{"input":"hi","background":true,"stream":true}""", Invented.TypedEvents(("response.created", "\"response\":{\"id\":\"resp_1\"}"))) with { Ending = Ending.ClientAborted };
        var told = new ExchangeInterpreter().Interpret(cut);

        Assert.Equal((true, false), (told.Turn!.IsPromised, told.Turn.IsSettled));
        Assert.Equal("inference:response_id", told.Envelope.Evidence["harness_session_id"]);
    }


    private static void AssertReply(Turn turn)
    {
        Assert.Equal(("Hello", "think"), (turn.ReplyText, turn.ReplyReasoning));
        Assert.Equal([new ToolCall("c1", "look", "{\"at\":2}")], turn.ToolCalls);
        Assert.Equal(["thinking", "text", "tool_use"], turn.Reply.Select(message => Assert.Single(message.Blocks).Type));
        Assert.All(turn.Reply, message => Assert.Equal("assistant", message.Role));
    }

    private static Turn Stream((string, string)[] events) => Invented.Decode(Exchange(events));

    /// <summary>As chatgpt.com sends it: no content-type at all.</summary>
    private static CapturedExchange Exchange((string, string)[] events) => Invented.Exchange("/backend-api/codex/responses", Request, Invented.TypedEvents(events));
}
