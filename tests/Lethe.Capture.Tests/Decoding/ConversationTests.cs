using Lethe.Capture.Chains;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>A later prompt that repeats an earlier reply goes on with the same chain.</summary>
public sealed class ConversationTests
{
    [Fact]
    public void Anthropic_thinking_text_and_tools_come_back_as_they_were_given()
    {
        const string First = """{"messages":[{"role":"user","content":"look"}]}""";
        var stream = Invented.TypedEvents(
            ("message_start", "\"message\":{\"id\":\"m\",\"role\":\"assistant\",\"content\":[]}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}"),
            ("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"sig\"}"),
            ("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ("content_block_start", "\"index\":2,\"content_block\":{\"type\":\"text\",\"text\":\"\",\"citations\":[]}"),
            ("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"text_delta\",\"text\":\"I look\"}"),
            ("content_block_start", "\"index\":3,\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}"),
            ("content_block_delta", "\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"query\\\":\\\"q\\\"}\"}"),
            ("content_block_start", "\"index\":4,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"look\",\"input\":{}}"),
            ("content_block_delta", "\"index\":4,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"b\\\": 1, \\\"a\\\": 2}\"}"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"}"),
            ("message_stop", ""));
        const string Second = """
            {"messages":[{"role":"user","content":[{"type":"text","text":"look","cache_control":{"type":"ephemeral"}}]},
             {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"text","text":"I look","cache_control":{"type":"ephemeral"}},
              {"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"},"cache_control":{"type":"ephemeral"}},{"type":"tool_use","id":"t","name":"look","input":{"a":2,"b":1}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"seen"}]}]}
            """;

        AssertGoesOn("/v1/messages", First, stream, Second, 2);
    }

    [Fact]
    public void Chat_calls_come_back_as_they_were_given_and_reasoning_does_not()
    {
        const string First = """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"look"}]}""";
        var stream = Invented.DataEvents(
            """{"id":"i","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":"hm"}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"look","arguments":"{\"at\""}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":": 1}"}}]},"finish_reason":"tool_calls"}]}""",
            "[DONE]");
        const string Second = """
            {"messages":[{"role":"system","content":"s"},{"role":"user","content":"look"},
             {"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}}]},
             {"role":"tool","tool_call_id":"c","content":"seen"}]}
            """;

        AssertGoesOn("/v1/chat/completions", First, stream, Second, 3);
    }

    [Fact]
    public void Response_items_come_back_without_the_ids_that_the_server_made()
    {
        const string First = """{"input":[{"role":"user","content":"look"}]}""";
        const string Reasoning = """{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"content":null,"encrypted_content":"ENC"}""";
        const string Said = """{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"I look","annotations":[],"logprobs":[]}]}""";
        const string Call = """{"type":"function_call","id":"fc_1","call_id":"c","name":"look","arguments":"{\"at\":1}","status":"completed"}""";
        const string Search = """{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}""";
        var stream = Invented.TypedEvents(
            ("response.created", "\"response\":{\"id\":\"r\",\"output\":[]}"),
            ("response.output_item.done", "\"output_index\":0,\"item\":" + Reasoning),
            ("response.output_item.done", "\"output_index\":1,\"item\":" + Search),
            ("response.output_item.done", "\"output_index\":2,\"item\":" + Said),
            ("response.output_item.done", "\"output_index\":3,\"item\":" + Call),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}"));
        const string Second = """
            {"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"look"}]},
             {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"OTHER"},
             {"type":"web_search_call","status":"completed","action":{"query":"q","type":"search"}},
             {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look"}]},
             {"type":"function_call","call_id":"c","name":"look","arguments":"{\"at\":1}"},
             {"type":"function_call_output","call_id":"c","output":"seen"}]}
            """;

        AssertGoesOn("/v1/responses", First, stream, Second, 5);
    }

    [Theory]
    [InlineData("/v1/messages", "messages", "text")]
    [InlineData("/v1/chat/completions", "messages", "text")]
    [InlineData("/v1/responses", "input", "input_text")]
    public void Nothing_said_has_one_address_however_it_is_spelled(string path, string member, string type)
    {
        Assert.Equal(Leaf("\"\""), Leaf($$"""[{"type":"{{type}}","text":""}]"""));
        Assert.NotEqual(Leaf("\"\""), Leaf("\"something\""));

        string Leaf(string content) => ChainBuilder.Build(Invented.Decode(Invented.Exchange(
            path,
            $$$"""{"{{{member}}}":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":{{{content}}}}]}""",
            "{}")))!.Nodes[^1].Hash.ToString();
    }

    private static void AssertGoesOn(string path, string first, string stream, string second, int shared)
    {
        var earlier = ChainBuilder.Build(Invented.Decode(Invented.Exchange(path, first, stream)))!;
        var later = ChainBuilder.Build(Invented.Decode(Invented.Exchange(path, second, "{}")))!;

        Assert.Equal(shared, earlier.Nodes.Count);
        Assert.Equal(earlier.Nodes.Select(node => node.Hash), later.Nodes.Take(shared).Select(node => node.Hash));
        Assert.True(later.PromptLength > shared);
    }
}
