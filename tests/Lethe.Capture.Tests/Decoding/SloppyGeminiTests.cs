using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The same faults of servers in Gemini's two APIs, and usage beside its place wherever there is one for it.</summary>
public sealed class SloppyGeminiTests
{
    private const string Gemini = "/v1beta/models/gemini-3:streamGenerateContent";
    private const string Interactions = "/v1beta/interactions";

    [Fact]
    public void What_begins_at_an_index_that_was_used_is_another_step_or_call()
    {
        var interactions = Decode(Interactions, Invented.DataEvents(
            """{"event_type":"step.start","index":0,"step":{"type":"model_output"}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"one"}}""",
            """{"event_type":"step.stop","index":0}""",
            """{"event_type":"step.start","index":0,"step":{"type":"function_call","id":"t","name":"n","arguments":{}}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"arguments_delta","arguments":"{\"a\":1}"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"v","status":"requires_action"}}"""));
        var gemini = Decode(Gemini, Invented.DataEvents(
            """{"candidates":[{"index":0,"content":{"parts":[{"functionCall":{"name":"n","args":{"a":1}}}]}}]}""",
            """{"candidates":[{"index":0,"content":{"parts":[{"functionCall":{"name":"n","args":{"a":1}}}]},"finishReason":"STOP"}]}"""));

        Assert.Equal(("one", new ToolCall("t", "n", "{\"a\":1}")), (interactions.ReplyText, Assert.Single(interactions.ToolCalls)));
        Assert.Equal(["{\"a\":1}", "{\"a\":1}"], gemini.ToolCalls.Select(call => call.ArgumentsJson));
    }

    [Fact]
    public void A_second_generation_stands_alone()
    {
        var gemini = Decode(Gemini, Invented.DataEvents(
            """{"responseId":"A","candidates":[{"content":{"role":"model","parts":[{"text":"The ans"}]}}],"usageMetadata":{"promptTokenCount":120}}""",
            """{"responseId":"B","candidates":[{"content":{"role":"model","parts":[{"text":"4"}]}}]}""",
            """{"responseId":"B","candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":130,"candidatesTokenCount":30}}"""));
        var interactions = Decode(Interactions, Invented.DataEvents(
            """{"event_type":"interaction.created","interaction":{"id":"A","status":"in_progress"}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"The ans"}}""",
            """{"event_type":"interaction.created","interaction":{"id":"B","status":"in_progress"}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"4"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"B","status":"completed","usage":{"total_input_tokens":130,"total_output_tokens":30}}}"""));

        Assert.Equal(("B", "4", 130L, 30L), (gemini.ResponseId, gemini.ReplyText, gemini.Usage!.InputTotal, gemini.Usage.Output));
        Assert.Equal(("B", "4", 130L, 30L), (interactions.ResponseId, interactions.ReplyText, interactions.Usage!.InputTotal, interactions.Usage.Output));
    }

    [Fact]
    public void A_repeated_zero_does_not_erase_a_count()
    {
        var gemini = Decode(Gemini, Invented.DataEvents(
            """{"candidates":[{"content":{"parts":[{"text":"x"}]}}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":7,"candidatesTokenCount":1}}""",
            """{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":0,"cachedContentTokenCount":0,"candidatesTokenCount":9}}"""));
        var interactions = Decode(Interactions, Invented.DataEvents(
            """{"event_type":"interaction.created","interaction":{"id":"v","status":"in_progress","usage":{"total_input_tokens":12,"total_cached_tokens":7}}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"x"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"v","status":"completed","usage":{"total_input_tokens":0,"total_cached_tokens":0,"total_output_tokens":9}}}"""));

        Assert.All(new[] { gemini, interactions }, turn => Assert.Equal((12, 7, 9), (turn.Usage!.InputTotal, turn.Usage.CacheRead, turn.Usage.Output)));
    }

    [Theory]
    [InlineData(Gemini, """{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usage_metadata":{"promptTokenCount":5,"candidatesTokenCount":9}}""")]
    [InlineData(Interactions, """{"event_type":"interaction.completed","interaction":{"id":"v","status":"completed","steps":[{"type":"model_output","content":[{"type":"text","text":"x"}]}]},"usage":{"total_input_tokens":5,"total_output_tokens":9}}""")]
    [InlineData("/v2/chat", """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"x"}}}}""", """{"type":"message-end","delta":{"finish_reason":"COMPLETE"},"usage":{"billed_units":{"input_tokens":5,"output_tokens":9}}}""")]
    [InlineData("/model/amazon.nova-lite-v1%3A0/converse-stream", """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"x"}}}""", """{"messageStop":{"stopReason":"end_turn","usage":{"inputTokens":5,"outputTokens":9}}}""")]
    public void Usage_is_found_beside_the_place_that_it_should_have(string path, params string[] events)
    {
        var turn = Decode(path, Invented.DataEvents(events));

        Assert.Equal(("x", 5L, 9L), (turn.ReplyText, turn.Usage?.InputTotal, turn.Usage?.Output));
    }

    [Fact]
    public void A_call_that_is_told_at_two_indices_is_one()
    {
        var interactions = Decode(Interactions, Invented.DataEvents(
            """{"event_type":"step.start","index":0,"step":{"type":"function_call","id":"t","name":"n","arguments":{}}}""",
            """{"event_type":"step.start","index":1,"step":{"type":"function_call","id":"t","name":"n","arguments":{}}}""",
            """{"event_type":"step.delta","index":1,"delta":{"type":"arguments_delta","arguments":"{\"a\":1}"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"v","status":"requires_action"}}"""));
        var gemini = Decode(Gemini, Invented.DataEvents(
            """{"candidates":[{"content":{"parts":[{"functionCall":{"id":"t","name":"n","args":{"a":1}}}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"functionCall":{"id":"t","name":"n","args":{"a":1}}}]},"finishReason":"STOP"}]}"""));
        var converse = Decode("/model/amazon.nova-lite-v1%3A0/converse-stream", Invented.DataEvents(
            """{"contentBlockStart":{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}}""",
            """{"contentBlockStart":{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}}""",
            """{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":1}"}}}}""",
            """{"messageStop":{"stopReason":"tool_use"}}"""));

        Assert.All(new[] { interactions, gemini, converse }, turn => Assert.Equal([new ToolCall("t", "n", "{\"a\":1}")], turn.ToolCalls));
    }

    [Fact]
    public void A_whole_answer_behind_its_pieces_is_said_once()
    {
        var interactions = Decode(Interactions, Invented.DataEvents(
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"hello"}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"v","status":"completed","steps":[{"type":"model_output","content":[{"type":"text","text":"hello"}]}]}}"""));
        var gemini = Decode(Gemini, Invented.DataEvents(
            """{"candidates":[{"content":{"parts":[{"text":"hel"}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"text":"lo"}]}}]}""",
            """{"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}]}"""));

        Assert.Equal(("hello", "hello"), (interactions.ReplyText, gemini.ReplyText));
    }

    private static Turn Decode(string path, string response) => Invented.Decode(Invented.Exchange(path, "{}", response));
}
