using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Gemini's generateContent: whole, as events, as a list that comes in pieces, and in Code Assist's wrapper.</summary>
public sealed class GeminiTests
{
    private const string Stream = "/v1beta/models/gemini-3.6-flash:streamGenerateContent?alt=sse";

    private const string Request = """
        {"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"n"}]}],
         "contents":[{"role":"user","parts":[{"text":"q"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
           {"role":"model","parts":[{"text":"think","thought":true},{"text":"so "},{"text":"it is"},{"functionCall":{"id":"c0","name":"n","args":{"k":0}},"thoughtSignature":"x"}]},
           {"role":"user","parts":[{"functionResponse":{"id":"c0","name":"n","response":{"output":"out"}}},{"functionResponse":{"name":"m","response":{"error":"no"}}}]}]}
        """;

    private static readonly string[] Chunks =
    [
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"h","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":9},"modelVersion":"gemini-3.6-flash","responseId":"r1"}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"m","thought":true}]}}],"usageMetadata":{"promptTokenCount":9,"thoughtsTokenCount":4},"modelVersion":"gemini-3.6-flash","responseId":"r1"}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"a \ud83d"}]}}],"modelVersion":"gemini-3.6-flash","responseId":"r1"}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"\ude00"}]}},{"index":1,"content":{"parts":[{"text":"another"}]},"finishReason":"STOP"}]}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"c1","name":"n","args":{"k":1}},"thoughtSignature":"y"}]}}]}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"","thoughtSignature":"z"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":5,"toolUsePromptTokenCount":2,"candidatesTokenCount":3,"thoughtsTokenCount":4,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":6}]}}""",
    ];

    public static TheoryData<string, string> Framings => new()
    {
        { Stream, string.Concat(Chunks.Select(chunk => $"data: {chunk}\r\n\r\n")) },
        { "/v1beta/models/gemini-3.6-flash:streamGenerateContent", $"[{string.Join("\n,\r\n", Chunks)}\n]" },
        { "/v1/projects/p/locations/l/publishers/google/models/gemini-3.6-flash:streamGenerateContent", $"[{string.Join(",", Chunks)}]" },
        { "/v1internal:streamGenerateContent?alt=sse", string.Concat(Chunks.Select(chunk => $"data: {{\"response\":{chunk},\"traceId\":\"t\"}}\n\n")) },
    };

    [Theory]
    [MemberData(nameof(Framings))]
    public void A_stream_is_put_together_whatever_it_is_framed_by(string path, string response)
    {
        var request = path.Contains("v1internal", StringComparison.Ordinal) ? $$"""{"model":"gemini-3.6-flash","project":"p","request":{{Request}}}""" : Request;
        var turn = Invented.Decode(Invented.Exchange(path, request, response));

        Assert.Equal(
            ("a 😀", "hm", "STOP", "gemini-3.6-flash", "gemini-3.6-flash", "r1", true, true),
            (turn.ReplyText, turn.ReplyReasoning, turn.StopReason, turn.ModelRequested, turn.ModelServed, turn.ResponseId, turn.ReplyComplete, turn.Stream));
        Assert.Equal([new ToolCall("c1", "n", """{"k":1}""")], turn.ToolCalls);
        Assert.Equal((6L, 5L, 7L, 4L, 6L, true), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.Output, turn.Usage.Reasoning, turn.Usage.AudioInput, turn.Usage.Final));
        Assert.Equal(["user", "assistant", "user"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(["text", "image"], turn.Prompt[0].Blocks.Select(block => block.Type));
        Assert.Equal([("text", "so it is"), ("tool_use", null)], turn.Prompt[1].Blocks.Select(block => (block.Type, block.Text)));
        Assert.Equal([new ToolResult("c0", false, "out"), new ToolResult("m", true, "no")], turn.ToolResults);
        Assert.Contains("\"s\"", Encoding.UTF8.GetString(turn.System!), StringComparison.Ordinal);
        Assert.Contains("\"n\"", Encoding.UTF8.GetString(turn.Tools!), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public void A_stream_that_is_cut_keeps_what_came_and_is_not_complete(string path, string response)
    {
        var whole = Encoding.UTF8.GetBytes(response);
        var end = Encoding.UTF8.GetString(whole).IndexOf("\"z\"", StringComparison.Ordinal);
        for (var cut = 0; cut < end; cut++)
        {
            var turn = Invented.Decode(Invented.Exchange(path, Encoding.UTF8.GetBytes(Request), whole[..cut]) with { Ending = Ending.UpstreamAborted });

            Assert.False(turn.ReplyComplete);
            Assert.True("a 😀".StartsWith((turn.ReplyText ?? "").TrimEnd('\ufffd'), StringComparison.Ordinal), turn.ReplyText);
            Assert.True(turn.Usage is null or { Final: false });
        }
    }

    [Fact]
    public void The_next_request_goes_on_from_the_reply_though_it_cuts_its_texts_otherwise()
    {
        var first = Invented.Decode(Invented.Exchange(Stream, Request, Framings.First()[1].ToString()!));
        var said = Invented.Decode(Invented.Exchange(Stream, """{"contents":[{"role":"model","parts":[{"text":"a 😀"},{"functionCall":{"id":"c1","name":"n","args":{"k":1}},"thoughtSignature":"y"}]}]}""", "{}"));

        Assert.Equal(said.Prompt[0].Blocks, first.Reply[0].Blocks);
        Assert.Equal(said.Prompt[0].Role, first.Reply[0].Role);
    }

    [Fact]
    public void Arguments_that_come_value_by_value_are_one_object()
    {
        string[] pieces =
        [
            """{"functionCall":{"id":"c","name":"n","willContinue":true}}""",
            """{"functionCall":{"partialArgs":[{"jsonPath":"$.a.b[0]","stringValue":"on","willContinue":true}],"willContinue":true}}""",
            """{"functionCall":{"partialArgs":[{"jsonPath":"$.a.b[0]","stringValue":"e"},{"jsonPath":"$.a.b[1]","numberValue":2.5}],"willContinue":true}}""",
            """{"functionCall":{"partialArgs":[{"jsonPath":"$.t","boolValue":true},{"jsonPath":"$.z","nullValue":"NULL_VALUE"},{"jsonPath":"$.t.x[3","stringValue":"?"},{"jsonPath":"$.a[9]","stringValue":"?"}],"willContinue":true}}""",
            """{"functionCall":{}}""",
            """{"functionCall":{"name":"m","args":{"k":1}}}""",
        ];
        var response = string.Concat(pieces.Select(piece => "data: {\"candidates\":[{\"content\":{\"parts\":[" + piece + "]}}]}\n\n")) + """data: {"candidates":[{"finishReason":"STOP"}]}""" + "\n\n";

        var turn = Invented.Decode(Invented.Exchange(Stream, Request, response));

        Assert.Equal([new ToolCall("c", "n", """{"a":{"b":["one",2.5]},"t":true,"z":null}"""), new ToolCall(null, "m", """{"k":1}""")], turn.ToolCalls);
        Assert.True(turn.ReplyComplete);
    }

    [Fact]
    public void What_is_blocked_or_refused_says_so()
    {
        var blocked = Interpret("""{"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"no"},"usageMetadata":{"promptTokenCount":4},"modelVersion":"g"}""");
        var bare = Interpret("""data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}""" + "\n\n");
        var harmless = Interpret("""{"promptFeedback":{"safetyRatings":[]},"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}""");
        var middle = Invented.Decode(Invented.Exchange("/v1beta/models/g:streamGenerateContent", Request, $$$"""[{{{Chunks[2]}}},{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]"""));
        var refused = Invented.Decode(Invented.Exchange("/v1beta/models/g:streamGenerateContent", Request, """[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]""") with { Status = 429 });

        Assert.Equal((Outcome.UpstreamError, "SAFETY", "SAFETY", "no", 0, 4L), (blocked.Outcome, blocked.OutcomeReason, blocked.Turn!.StopReason, blocked.Turn.Error!.Message, blocked.Turn.Reply.Count, blocked.Turn.Usage!.Input));
        Assert.Equal((Outcome.UpstreamError, "PROHIBITED_CONTENT", "stream"), (bare.Outcome, bare.OutcomeReason, bare.Turn!.Error!.Phase));
        Assert.Equal((Outcome.Completed, "a"), (harmless.Outcome, harmless.Turn!.ReplyText));
        Assert.Equal(("busy", "UNAVAILABLE", "503", false), (middle.Error!.Message, middle.Error.Type, middle.Error.Code, middle.ReplyComplete));
        Assert.Equal(("slow", "RESOURCE_EXHAUSTED", "429"), (refused.Error!.Message, refused.Error.Type, refused.Error.Code));
    }

    [Theory]
    [InlineData("\"STOP\"", "STOP")]
    [InlineData("\"MAX_TOKENS\"", "MAX_TOKENS")]
    [InlineData("\"SAFETY\"", "SAFETY")]
    [InlineData("\"RECITATION\"", "RECITATION")]
    [InlineData("\"MALFORMED_FUNCTION_CALL\"", "MALFORMED_FUNCTION_CALL")]
    [InlineData("\"UNEXPECTED_TOOL_CALL\"", "UNEXPECTED_TOOL_CALL")]
    [InlineData("1", "1")]
    public void A_generation_ends_with_its_reason_be_it_silent_or_not(string reason, string stop)
    {
        foreach (var parts in new[] { """{"text":"a"}""", "" })
        {
            var content = parts.Length == 0 ? "" : $$$""" "content":{"role":"model","parts":[{{{parts}}}]},""";
            // The count falls behind the end, in a chunk of its own.
            var meaning = Interpret($$$"""data: {"candidates":[{{{{content}}}"finishReason":{{{reason}}}}]}""" + "\n\n" + """data: {"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1}}""" + "\n\n");

            Assert.Equal((Outcome.Completed, stop, true, parts.Length == 0 ? 0 : 1), (meaning.Outcome, meaning.Turn!.StopReason, meaning.Turn.ReplyComplete, meaning.Turn.Reply.Count));
            Assert.Equal((4L, 1L, true), (meaning.Turn.Usage!.Input, meaning.Turn.Usage.Output, meaning.Turn.Usage.Final));
        }
    }

    [Theory]
    [InlineData("gemini-3-flash-preview", """{"promptTokenCount":100,"cachedContentTokenCount":60,"promptTokensDetails":[{"modality":"TEXT","tokenCount":30},{"modality":"AUDIO","tokenCount":70}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":60}],"candidatesTokenCount":2}""", (30 * 500L) + (10 * 1_000) + (60 * 100) + (2 * 3_000))]
    [InlineData("gemini-3-flash-preview", """{"promptTokenCount":10,"toolUsePromptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":7}""", (15 * 500L) + (9 * 3_000))]
    [InlineData("gemini-2.5-flash-image", """{"promptTokenCount":10,"candidatesTokenCount":1295,"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}""", (10 * 300L) + (5 * 2_500) + (1290 * 30_000))]
    public void What_goes_in_and_comes_out_is_paid_by_its_kind(string model, string usage, long nano)
    {
        var answer = $$$"""{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"modelVersion":"{{{model}}}","usageMetadata":{{{usage}}}}""";

        Assert.Equal(nano, new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange(Stream, Request, answer)).Cost!.Value.NanoUsd);
    }

    [Fact]
    public void Where_the_path_says_nothing_the_bodies_do()
    {
        var turn = Invented.Decode(Invented.Exchange("/gateway", Request, $"data: {Chunks[2]}\n\n"));

        Assert.Equal(("generate_content", "a "), (turn.Endpoint, turn.ReplyText?.TrimEnd('\ufffd')));
    }

    private static InterpretedExchange Interpret(string response) => new ExchangeInterpreter().Interpret(Invented.Exchange(Stream, Request, response));
}
