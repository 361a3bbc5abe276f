using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>What a model thought is told by every vendor in members of its own, and never stands in what it said.</summary>
public sealed class ThoughtsTests
{
    private const string Responses = "/v1/responses";
    private const string Converse = "/model/us.anthropic.claude-sonnet-4-v1%3A0/converse";
    private const string Gemini = "/v1beta/models/gemini-3:streamGenerateContent";

    [Theory]
    [InlineData("response.reasoning_text.delta")]
    [InlineData("response.reasoning.delta")]
    public void A_response_thinks_in_events_of_its_own_begun_or_not(string type)
    {
        (string, string)[] told =
        [
            (type, "\"output_index\":0,\"content_index\":0,\"delta\":\"thi\""),
            (type, "\"output_index\":0,\"content_index\":0,\"delta\":\"nk\""),
            ("response.output_text.delta", "\"output_index\":1,\"content_index\":0,\"delta\":\"ans\""),
        ];
        var begun = ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"reasoning\",\"id\":\"rs\",\"summary\":[]}");
        var end = ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}");
        foreach (var stream in new[] { Invented.TypedEvents(told), Invented.TypedEvents([begun, .. told]), Invented.TypedEvents([begun, .. told, end]), Invented.TypedEvents([.. told, end]) })
        {
            Is(Decode(Responses, stream));
        }
    }

    [Theory]
    [InlineData("""{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"think"}]}""")]
    [InlineData("""{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"think"}]}""")]
    public void A_responses_thoughts_are_an_item(string item) => Is(Decode(
        Responses, $$$"""{"id":"r","object":"response","status":"completed","output":[{{{item}}},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ans"}]}]}"""));

    [Fact]
    public void Converse_thinks_in_reasoning_content()
    {
        Is(Decode(Converse + "-stream", Invented.DataEvents(
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"thi"}}}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"nk"}}}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s"}}}}""",
            """{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"ans"}}}""",
            """{"messageStop":{"stopReason":"end_turn"}}""")));
        Is(Decode(Converse, """{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"think","signature":"s"}}},{"text":"ans"}]}},"stopReason":"end_turn"}"""));
    }

    [Fact]
    public void Cohere_thinks_in_content_or_in_a_plan()
    {
        Is(Decode("/v2/chat", Invented.DataEvents(
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":"thi"}}}}""",
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"nk"}}}}""",
            """{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":"ans"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}""")));
        Is(Decode("/v2/chat", Invented.DataEvents(
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"thi"}}}""",
            """{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"nk"}}}""",
            """{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"ans"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}""")));
        Is(Decode("/v2/chat", """{"id":"c","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"thinking","thinking":"think"},{"type":"text","text":"ans"}]}}"""));
    }

    [Theory]
    [InlineData("/api/chat", "{\"message\":{\"thinking\":\"thi\"},\"done\":false}\n{\"message\":{\"thinking\":\"nk\",\"content\":\"\"},\"done\":false}\n{\"message\":{\"content\":\"ans\"},\"done\":true,\"done_reason\":\"stop\"}\n")]
    [InlineData("/api/chat", """{"message":{"role":"assistant","thinking":"think","content":"ans"},"done":true,"done_reason":"stop"}""")]
    [InlineData("/api/generate", "{\"response\":\"\",\"thinking\":\"thi\",\"done\":false}\n{\"response\":\"\",\"thinking\":\"nk\",\"done\":false}\n{\"response\":\"ans\",\"done\":true,\"done_reason\":\"stop\"}\n")]
    public void Ollama_thinks_beside_its_content(string path, string answer) => Is(Decode(path, answer));

    [Fact]
    public void Gemini_marks_parts_as_thoughts_and_an_interaction_has_steps_of_them()
    {
        const string Said = """{"candidates":[{"content":{"role":"model","parts":[{"text":"ans"}]},"finishReason":"STOP"}]}""";
        Is(Decode(Gemini, Invented.DataEvents(
            """{"candidates":[{"content":{"role":"model","parts":[{"text":"thi","thought":true}]}}]}""",
            """{"candidates":[{"content":{"role":"model","parts":[{"text":"nk","thought":true}]}}]}""",
            Said)));
        Is(Decode("/v1internal:generateContent", $$"""{"response":{{Said.Replace("[{\"text\"", "[{\"text\":\"think\",\"thought\":true},{\"text\"", StringComparison.Ordinal)}}}"""));
        Is(Decode("/v1beta/interactions", """{"id":"v","status":"completed","steps":[{"type":"thought","summary":[{"type":"text","text":"think"}]},{"type":"model_output","content":[{"type":"text","text":"ans"}]}]}"""));
    }

    private static void Is(Turn turn) => Assert.Equal(("think", "ans"), (turn.ReplyReasoning, turn.ReplyText));

    private static Turn Decode(string path, string response) => Invented.Decode(Invented.Exchange(path, "{}", response));
}
