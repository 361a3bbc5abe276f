using System.Text;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Cohere's chat in both editions, and its calls that are no chats.</summary>
public sealed class CohereTests
{
    private const string Second = "/v2/chat";
    private const string First = "/v1/chat";

    [Fact]
    public void A_chat_of_the_second_edition_is_read_whole()
    {
        var turn = Invented.Decode(Invented.Exchange(
            Second,
            """
            {"model":"command-a","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"q"}]},
              {"role":"assistant","tool_plan":"p","tool_calls":[{"id":"t0","type":"function","function":{"name":"n","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"t0","content":[{"type":"text","text":"out"}]}],
             "tools":[{"type":"function","function":{"name":"n"}}]}
            """,
            """
            {"id":"c1","message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"said"}],"tool_plan":"then call","tool_calls":[{"id":"t1","type":"function","function":{"name":"n","arguments":"{\"k\":1}"}}]},
             "finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":11,"output_tokens":4},"tokens":{"input_tokens":506,"output_tokens":9,"reasoning_tokens":3},"cached_tokens":448}}
            """));

        Assert.Equal(("command-a", "c1", "TOOL_CALL", true), (turn.ModelRequested, turn.ResponseId, turn.StopReason, turn.ReplyComplete));
        Assert.Equal(("said", "hmthen call"), (turn.ReplyText, turn.ReplyReasoning));
        Assert.Equal([new ToolCall("t1", "n", """{"k":1}""")], turn.ToolCalls);
        Assert.Equal([new ToolResult("t0", false, "out")], turn.ToolResults);
        Assert.Equal(["system", "user", "assistant", "tool"], turn.Prompt.Select(message => message.Role));
        // What is billed counts, and what was cached is a part of what is not billed.
        Assert.Equal((11, null, 4, 3, false), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.Output, turn.Usage.Reasoning, turn.Usage.Clamped));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_streamed_reply_is_put_together_named_or_not(bool named)
    {
        string[] events =
        [
            """{"type":"message-start","id":"c1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[]}}}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":"h"}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"m"}}}}""",
            """{"type":"content-end","index":0}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a \ud83d"}}}}""",
            """{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1,"text":"a"}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"\ude00"}}}}""",
            """{"type":"content-end","index":0}""",
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":" plan"}}}""",
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t1","type":"function","function":{"name":"n","arguments":""}}}}}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"k\":"}}}}}""",
            """{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"1}"}}}}}""",
            """{"type":"tool-call-end","index":0}""",
            """{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t2","type":"function","function":{"name":"m","arguments":""}}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":5,"output_tokens":9},"tokens":{"input_tokens":50,"output_tokens":12}}}}""",
        ];
        var stream = string.Concat(events.Select(data => (named ? $"event: {data.Split('"')[3]}\n" : "") + $"data: {data}\n\n")) + "data: [DONE]\n\n";

        var turn = Invented.Decode(Invented.Exchange(Second, "{\"stream\":true}", stream));

        Assert.Equal(("a 😀", "hm plan", "TOOL_CALL", "c1", true), (turn.ReplyText, turn.ReplyReasoning, turn.StopReason, turn.ResponseId, turn.ReplyComplete));
        Assert.Equal([new ToolCall("t1", "n", """{"k":1}"""), new ToolCall("t2", "m", "{}")], turn.ToolCalls);
        Assert.Equal((5, 9), (turn.Usage!.Input, turn.Usage.Output));
    }

    [Fact]
    public void A_reply_that_ends_in_an_error_says_so()
    {
        var turn = Invented.Decode(Invented.Exchange(Second, "{}", Invented.DataEvents(
            """{"type":"message-start","id":"c1"}""",
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will"}}}""",
            """{"type":"message-end","delta":{"finish_reason":"ERROR","usage":{},"error":"no valid tool","error_type":"INVALID_TOOL_GENERATION"}}""",
            "[DONE]")));

        Assert.Equal(("INVALID_TOOL_GENERATION", "no valid tool", "ERROR", false), (turn.Error!.Type, turn.Error.Message, turn.StopReason, turn.ReplyComplete));
        Assert.Null(turn.Usage);
    }

    [Theory]
    [InlineData("data: ", "\n\n")]
    [InlineData("", "\n")]
    public void A_stream_of_the_first_edition_ends_with_the_whole_answer(string before, string after)
    {
        string[] events =
        [
            """{"is_finished":false,"event_type":"stream-start","generation_id":"g1"}""",
            """{"is_finished":false,"event_type":"text-generation","text":"sa"}""",
            """{"is_finished":false,"event_type":"text-generation","text":"id"}""",
            """{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"response_id":"r1","text":"said","generation_id":"g1","finish_reason":"COMPLETE","tool_calls":[{"name":"n","parameters":{"k":1}}],"meta":{"billed_units":{"input_tokens":6,"output_tokens":2},"tokens":{"input_tokens":60,"output_tokens":2}}}}""",
        ];

        var whole = Decode(events);
        var cut = Decode(events[..3]);

        Assert.Equal(("said", "r1", "COMPLETE", true), (whole.ReplyText, whole.ResponseId, whole.StopReason, whole.ReplyComplete));
        Assert.Equal([new ToolCall(null, "n", """{"k":1}""")], whole.ToolCalls);
        Assert.Equal((6, 2), (whole.Usage!.Input, whole.Usage.Output));
        Assert.Equal(("said", "g1", false), (cut.ReplyText, cut.ResponseId, cut.ReplyComplete));

        Turn Decode(string[] sent) => Invented.Decode(Invented.Exchange(First, "{\"message\":\"q\"}", string.Concat(sent.Select(data => before + data + after))));
    }

    [Fact]
    public void The_first_editions_history_and_message_are_the_prompt()
    {
        var turn = Invented.Decode(Invented.Exchange(
            First,
            """
            {"model":"command-r","preamble":"p","chat_history":[{"role":"USER","message":"q"},{"role":"CHATBOT","message":"a","tool_calls":[{"name":"n","parameters":{}}]}],
             "message":"more","tool_results":[{"call":{"name":"n","parameters":{}},"outputs":[{"x":1}]}]}
            """,
            """{"response_id":"r","text":"b","finish_reason":"MAX_TOKENS","meta":{"billed_units":{"input_tokens":1,"output_tokens":1}}}"""));

        Assert.Equal(["user", "assistant", "user", "tool"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(["q", "a", "more"], turn.Prompt.Take(3).Select(message => message.Blocks[0].Text));
        Assert.Equal([new ToolResult("n", false, """[{"x":1}]""")], turn.ToolResults);
        Assert.Equal("\"p\"", Encoding.UTF8.GetString(turn.System!));
        Assert.Equal(("b", "MAX_TOKENS"), (turn.ReplyText, turn.StopReason));
    }

    [Theory]
    [InlineData("/v2/embed", "{\"id\":\"e\",\"embeddings\":{\"float\":[[0.5]]},\"meta\":{\"billed_units\":{\"input_tokens\":2}}}", Operation.Embeddings, 2L)]
    [InlineData("/v2/rerank", "{\"id\":\"e\",\"results\":[{\"index\":0,\"relevance_score\":0.5}],\"meta\":{\"billed_units\":{\"search_units\":1}}}", Operation.Rerank, null)]
    public void Embeddings_and_rankings_have_counts_and_no_reply(string path, string response, Operation operation, long? input)
    {
        var turn = Invented.Decode(Invented.Exchange(path, "{\"model\":\"m\"}", response));

        Assert.Equal((operation, "e", true, input), (turn.Operation, turn.ResponseId, turn.ReplyComplete, turn.Usage?.Input));
        Assert.Empty(turn.Reply);
    }

    [Fact]
    public void An_error_before_the_whole_answer_leaves_it_incomplete()
    {
        var chat = Invented.Decode(Invented.Exchange(First, "{}", Invented.DataEvents(
            """{"error":{"message":"it broke"}}""",
            """{"event_type":"stream-end","response":{"response_id":"r","text":"said","finish_reason":"COMPLETE"}}""")));
        var embedded = Invented.Decode(Invented.Exchange("/v1/embeddings", "{}", """{"error":{"message":"it broke"}}"""));

        Assert.Equal(("said", "it broke", false), (chat.ReplyText, chat.Error!.Message, chat.ReplyComplete));
        Assert.Equal(("it broke", false), (embedded.Error!.Message, embedded.ReplyComplete));
    }

    [Fact]
    public void What_is_no_answer_is_never_a_complete_one()
    {
        foreach (var body in new[] { "{}", "[]", "{\"message\":\"no\"}", "data: {\"type\":\"message-start\",\"id\":\"c\"}\n\n", "data: {\"message\":\"no\",\"id\":\"c\"}\n\n" })
        {
            Assert.False(Invented.Decode(Invented.Exchange(Second, "{}", body)).ReplyComplete, body);
        }
    }
}
