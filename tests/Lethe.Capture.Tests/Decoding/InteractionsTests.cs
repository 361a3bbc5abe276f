using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Gemini's Interactions API: whole and streamed, gone on from by an id, worked on in the background.</summary>
public sealed class InteractionsTests
{
    private const string Path = "/v1beta/interactions";

    private const string Request = """
        {"model":"gemini-3-flash-preview","system_instruction":"s","tools":[{"type":"function","name":"add"}],"previous_interaction_id":"v1_0","stream":true,
         "input":[{"type":"user_input","content":[{"type":"text","text":"q"},{"type":"image","data":"AAAA","mime_type":"image/png"}]},
           {"type":"function_result","call_id":"f0","name":"add","result":"5"},{"type":"function_result","call_id":"f1","name":"add","result":[{"type":"text","text":"no"}],"is_error":true}]}
        """;

    private const string Usage = """{"total_tokens":30,"total_input_tokens":9,"total_cached_tokens":5,"total_tool_use_tokens":2,"total_output_tokens":12,"total_thought_tokens":7,"input_tokens_by_modality":[{"modality":"audio","tokens":4}]}""";

    private const string Steps = """
        [{"type":"thought","signature":"sig","summary":[{"type":"text","text":"hm"}]},{"type":"model_output","content":[{"type":"text","text":"a 😀"}]},
         {"type":"function_call","id":"f2","name":"add","arguments":{"x":2}},{"type":"google_search_call","id":"g","arguments":{"queries":["k"]}}]
        """;

    private static readonly string[] Events =
    [
        """{"event_type":"interaction.created","interaction":{"id":"v1_1","model":"gemini-3-flash-preview","object":"interaction","status":"in_progress"}}""",
        """{"event_type":"interaction.status_update","interaction_id":"v1_1","status":"in_progress"}""",
        """{"event_type":"step.start","index":0,"step":{"type":"thought"}}""",
        """{"event_type":"step.delta","index":0,"delta":{"type":"thought_summary","content":{"type":"text","text":"hm"}}}""",
        """{"event_type":"step.delta","index":0,"delta":{"type":"thought_signature","signature":"sig"}}""",
        """{"event_type":"step.stop","index":0}""",
        """{"event_type":"step.start","index":1,"step":{"type":"model_output"}}""",
        """{"event_type":"step.delta","index":1,"delta":{"type":"text","text":"a \ud83d"}}""",
        """{"event_type":"step.delta","index":1,"delta":{"type":"text","text":"\ude00"}}""",
        """{"event_type":"step.delta","index":1,"delta":{"type":"text_annotation","annotations":[{"type":"url_citation"}]}}""",
        """{"event_type":"step.stop","index":1}""",
        """{"event_type":"step.start","index":1,"step":{"type":"function_call","id":"f2","name":"add","arguments":{}}}""",
        """{"event_type":"step.delta","index":1,"delta":{"type":"arguments_delta","arguments":"{\"x\""}}""",
        """{"event_type":"step.delta","index":1,"delta":{"type":"arguments_delta","arguments":":2}"}}""",
        """{"event_type":"step.stop","index":1}""",
        """{"event_type":"step.start","index":3,"step":{"type":"google_search_call","id":"g","signature":""}}""",
        """{"event_type":"step.delta","index":3,"delta":{"type":"google_search_call","arguments":{"queries":["k"]}}}""",
        $$$"""{"event_type":"interaction.completed","interaction":{"id":"v1_1","status":"requires_action","model":"gemini-3-flash-preview","service_tier":"flex","usage":{{{Usage}}}}}""",
    ];

    public static TheoryData<string> Answers => new()
    {
        $$$"""{"id":"v1_1","object":"interaction","status":"requires_action","model":"gemini-3-flash-preview","service_tier":"flex","usage":{{{Usage}}},"steps":{{{Steps}}}}""",
        $$$"""{"id":"v1_1","status":"requires_action","model":"gemini-3-flash-preview","service_tier":"flex","usage":{{{Usage}}},"outputs":{{{Steps.Replace("""{"type":"model_output","content":[{"type":"text","text":"a 😀"}]}""", """{"type":"text","text":"a 😀"}""", StringComparison.Ordinal)}}}}""",
        Invented.DataEvents(Events) + "event: done\ndata: [DONE]\n\n",
        Invented.DataEvents([.. Events.Select(data => data.Replace("step.", "content.", StringComparison.Ordinal).Replace("\"step\":", "\"content\":", StringComparison.Ordinal))]),
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_interaction_means_the_same_whole_and_streamed(string answer)
    {
        var turn = Invented.Decode(Invented.Exchange(Path, Request, answer));

        Assert.Equal(
            ("a 😀", "hm", "requires_action", "v1_1", "v1_0", "gemini", true),
            (turn.ReplyText, turn.ReplyReasoning, turn.StopReason, turn.ResponseId, turn.PreviousResponseId, turn.Provider, turn.ReplyComplete));
        Assert.Equal(("gemini-3-flash-preview", "gemini-3-flash-preview"), (turn.ModelRequested, turn.ModelServed));
        Assert.Equal([new ToolCall("f2", "add", """{"x":2}""")], turn.ToolCalls);
        Assert.Equal((6L, 5L, 19L, 7L, 4L, "flex"), (turn.Usage!.Input, turn.Usage.CacheRead, turn.Usage.Output, turn.Usage.Reasoning, turn.Usage.AudioInput, turn.Usage.ServiceTier));
        Assert.Equal(["user", "tool", "tool"], turn.Prompt.Select(message => message.Role));
        Assert.Equal(["text", "image"], turn.Prompt[0].Blocks.Select(block => block.Type));
        Assert.Equal([new ToolResult("f0", false, "5"), new ToolResult("f1", true, "no")], turn.ToolResults);
        Assert.Equal(["thinking", "text", "tool_use", "google_search_call"], turn.Reply.Select(message => Assert.Single(message.Blocks).Type));
        Assert.Equal(("\"s\"", true), (Encoding.UTF8.GetString(turn.System!), turn.Tools is not null));
    }

    [Fact]
    public void A_stream_that_is_cut_keeps_what_came_and_is_not_complete()
    {
        var whole = Encoding.UTF8.GetBytes(Invented.DataEvents(Events));
        var end = Encoding.UTF8.GetString(whole).IndexOf("interaction.completed", StringComparison.Ordinal);
        for (var cut = 0; cut < end; cut += 3)
        {
            var turn = Invented.Decode(Invented.Exchange(Path, Encoding.UTF8.GetBytes(Request), whole[..cut]) with { Ending = Ending.UpstreamAborted });

            Assert.False(turn.ReplyComplete);
            Assert.True("a 😀".StartsWith((turn.ReplyText ?? "").TrimEnd('\ufffd'), StringComparison.Ordinal), turn.ReplyText);
            Assert.Null(turn.Usage);
        }
    }

    [Theory]
    [InlineData("\"hi\"", "hi")]
    [InlineData("""[{"role":"user","content":"hi"}]""", "hi")]
    [InlineData("""[{"type":"text","text":"hi"}]""", "hi")]
    [InlineData("""{"type":"user_input","content":{"type":"text","text":"hi"}}""", "hi")]
    [InlineData("7", null)]
    public void The_input_may_be_a_text_or_steps_or_content(string input, string? text)
    {
        var turn = Invented.Decode(Invented.Exchange(Path, $$"""{"agent":"deep-research","input":{{input}}}""", "{}"));

        Assert.Equal(("deep-research", text), (turn.ModelRequested, turn.Prompt.SingleOrDefault()?.Blocks[0].Text));
    }

    [Fact]
    public void What_goes_wrong_says_so_wherever_it_does()
    {
        var failed = Meaning("""{"id":"v1_1","object":"interaction","status":"failed","error":{"code":"internal","message":"broken"}}""");
        var bare = Meaning("""{"id":"v1_1","object":"interaction","status":"failed"}""");
        var middle = Meaning(Invented.DataEvents(Events[0], """{"event_type":"error","error":{"code":"gateway_timeout","message":"slow"}}"""));
        var refused = new ExchangeInterpreter().Interpret(Invented.Exchange(Path, "{}", """{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}""") with { Status = 400 });
        var strange = Meaning("""{"what":"is this"}""");

        Assert.Equal((Outcome.UpstreamError, "broken"), (failed.Outcome, failed.Turn!.Error!.Message));
        Assert.Equal((Outcome.UpstreamError, "failed"), (bare.Outcome, bare.OutcomeReason));
        Assert.Equal((Outcome.UpstreamError, "gateway_timeout"), (middle.Outcome, middle.OutcomeReason));
        Assert.Equal((Outcome.UpstreamError, "INVALID_ARGUMENT"), (refused.Outcome, refused.OutcomeReason));
        Assert.Equal(Outcome.UpstreamError, strange.Outcome);
    }

    [Fact]
    public void Work_in_the_background_is_promised_and_asked_for_by_its_id()
    {
        var promised = new ExchangeInterpreter().Interpret(Invented.Exchange(Path, """{"model":"g","input":"q","background":true}""", """{"id":"v1_9","object":"interaction","status":"in_progress"}"""));
        var asked = Invented.Decode(Invented.Exchange(Path + "/v1_9", "", $$"""{"id":"v1_9","object":"interaction","status":"completed","steps":[{"type":"user_input","content":"q"},{"type":"model_output","content":[{"type":"text","text":"late"}]}],"usage":{{Usage}}}""") with { Method = "GET" });

        Assert.Equal((Outcome.Completed, "response_in_progress", true), (promised.Outcome, promised.OutcomeReason, promised.Turn!.IsPromised));
        Assert.Equal(("late", "v1_9", true, true), (asked.ReplyText, asked.ResponseId, asked.AsksForResponse, asked.IsSettled));
    }

    [Fact]
    public void Where_the_path_says_nothing_the_bodies_do()
    {
        Assert.Equal("interactions", Invented.Decode(Invented.Exchange("/gateway", """{"input":"q"}""", Invented.DataEvents(Events))).Endpoint);
        Assert.Equal("interactions", Invented.Decode(Invented.Exchange("/gateway", """{"input":"q","previous_interaction_id":"v1_0"}""", "{}")).Endpoint);
    }

    private static InterpretedExchange Meaning(string answer) => new ExchangeInterpreter().Interpret(Invented.Exchange(Path, Request, answer));
}
