using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;
using Lethe.Capture.Tests.Decoding;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Sockets;

/// <summary>Sessions of Gemini Live: a turn per <c>turnComplete</c>, sound by its size, setting up no turn.</summary>
public sealed class LiveTests(ITestOutputHelper output)
{
    private const string Path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
    private const string Setup = """{"setup":{"model":"models/gemini-live","systemInstruction":{"parts":[{"text":"Be brief."}]},"tools":[{"functionDeclarations":[{"name":"n"}]}]}}""";

    private static readonly string Sound = Convert.ToBase64String(new byte[4800]);

    [Fact]
    public void A_spoken_answer_is_a_turn_with_its_transcript_and_the_sizes_of_the_sound()
    {
        var turn = Assert.Single(Run(
            Path,
            (true, Setup),
            (false, """{"setupComplete":{}}"""),
            (true, $$$$"""{"realtime_input":{"audio":{"data":"{{{{Sound}}}}","mimeType":"audio/pcm"}}}"""),
            (false, """{"serverContent":{"inputTranscription":{"text":"What is "}}}"""),
            (false, """{"serverContent":{"inputTranscription":{"text":"my name?"}}}"""),
            (false, """{"serverContent":{"modelTurn":{"parts":[{"text":"hm","thought":true}]}}}"""),
            (false, """{"serverContent":{"outputTranscription":{"text":"Ali"}}}"""),
            (false, $$$$"""{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"{{{{Sound}}}}"}}]}}}"""),
            (false, """{"serverContent":{"outputTranscription":{"text":"ce."}}}"""),
            (false, """{"serverContent":{"generationComplete":true}}"""),
            (false, """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":9,"responseTokenCount":20,"thoughtsTokenCount":3,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":5}],"responseTokensDetails":[{"modality":"AUDIO","tokenCount":20}]}}""")));

        Assert.Equal((true, Outcome.Completed, "live", "gemini-live", "gemini"), (turn.IsTurn, turn.Outcome, turn.Turn!.Endpoint, turn.Turn.ModelRequested, turn.Turn.Provider));
        Assert.Equal(("Alice.", "hm", "turnComplete"), (turn.Turn.ReplyText, turn.Turn.ReplyReasoning, turn.Turn.StopReason));
        Assert.Equal((9L, 23L, 3L, 5L, 20L), (turn.Turn.Usage!.Input, turn.Turn.Usage.Output, turn.Turn.Usage.Reasoning, turn.Turn.Usage.AudioInput, turn.Turn.Usage.AudioOutput));
        Assert.Equal("What is my name?", Assert.Single(Assert.Single(turn.Turn.Prompt).Blocks).Text);
        Assert.Contains("\"audio_bytes\":4800", Encoding.UTF8.GetString(turn.Exchange.Request.Bytes.Span), StringComparison.Ordinal);
        Assert.Contains("\"data_bytes\":4800", Encoding.UTF8.GetString(turn.Exchange.Response.Bytes.Span), StringComparison.Ordinal);
        Assert.Contains("Be brief.", Encoding.UTF8.GetString(turn.Turn.System!), StringComparison.Ordinal);
        Assert.Equal((turn.Exchange.Attributes[CapturedExchange.ConnectionAttribute], "inference:connection"), (turn.Envelope.HarnessSessionId, turn.Envelope.Evidence["harness_session_id"]));
    }

    [Theory]
    [InlineData("clientContent", "turnComplete", "toolResponse", "functionResponses")]
    [InlineData("client_content", "turn_complete", "tool_response", "function_responses")]
    public void A_tool_is_asked_for_in_one_turn_and_answered_in_the_next(string content, string complete, string response, string responses)
    {
        var turns = Run(
            "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent",
            (true, Setup),
            (true, $$$"""{"{{{content}}}":{"turns":[{"role":"user","parts":[{"text":"before"}]}],"{{{complete}}}":false}}"""),
            (true, $$$"""{"{{{content}}}":{"turns":[{"role":"user","parts":[{"text":"weather?"}]}],"{{{complete}}}":true}}"""),
            (false, """{"toolCall":{"functionCalls":[{"id":"c","name":"n","args":{"city":"L"}},{"name":"m"}]}}"""),
            (true, $$$"""{"{{{response}}}":{"{{{responses}}}":[{"id":"c","name":"n","response":{"output":"fog"}}]}}"""),
            (false, """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":24,"candidatesTokenCount":5}}"""),
            (false, """{"serverContent":{"modelTurn":{"parts":[{"text":"It is "}]}}}"""),
            (false, """{"serverContent":{"modelTurn":{"parts":[{"text":"foggy."}]},"turnComplete":true},"usageMetadata":{"promptTokenCount":44,"candidatesTokenCount":61}}"""));

        Assert.Equal(2, turns.Count);
        Assert.Equal([("c", "n", """{"city":"L"}"""), (null, "m", "\"\"")], turns[0].Turn!.ToolCalls.Select(call => (call.Id, call.Name, call.ArgumentsJson)));
        Assert.Equal(["before", "weather?"], turns[0].Turn!.Prompt.Select(message => message.Blocks[0].Text));
        Assert.Equal((24L, 5L), (turns[0].Turn!.Usage!.Input, turns[0].Turn!.Usage!.Output));
        Assert.Equal("fog", Assert.Single(turns[1].Turn!.ToolResults).Output);
        Assert.Equal(("It is foggy.", 44L, 61L), (turns[1].Turn!.ReplyText, turns[1].Turn!.Usage!.Input, turns[1].Turn!.Usage!.Output));
    }

    [Fact]
    public void An_answer_that_is_cut_or_broken_into_keeps_what_was_said()
    {
        var turns = Run(
            Path + "Constrained",
            (true, """{"clientContent":{"turns":{"role":"user","parts":[{"text":"a"}]},"turnComplete":true}}"""),
            (false, """{"serverContent":{"outputTranscription":{"text":"One"}}}"""),
            (true, """{"clientContent":{"turns":[{"role":"user","parts":[{"text":"stop"}]}],"turnComplete":true}}"""),
            (false, """{"serverContent":{"interrupted":true}}"""),
            (false, """{"serverContent":{"turnComplete":true}}"""),
            (false, """{"sessionResumptionUpdate":{"resumable":true}}"""),
            (false, """{"serverContent":{"outputTranscription":{"text":"Two"}}}"""),
            (false, """{"goAway":{"timeLeft":"1s"}}"""));

        Assert.Equal([("One", "interrupted", Outcome.Completed), ("Two", null, Outcome.Incomplete)], turns.Select(turn => (turn.Turn!.ReplyText, turn.Turn.StopReason, turn.Outcome)));
        Assert.Equal("stop", Assert.Single(turns[1].Turn!.Prompt).Blocks[0].Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_turn_used_is_counted_with_it_though_it_is_told_behind_its_end_and_it_has_its_end_without(bool isTold)
    {
        const string Asked = """{"clientContent":{"turns":[{"role":"user","parts":[{"text":"a"}]}],"turnComplete":true}}""";
        const string Said = """{"serverContent":{"modelTurn":{"parts":[{"text":"b"}]},"turnComplete":true}}""";
        (bool, string)[] counts = isTold ? [(false, """{"usageMetadata":{"promptTokenCount":9,"responseTokenCount":20}}""")] : [];
        var turns = Run(Path, [(true, Asked), (false, Said), (false, """{"sessionResumptionUpdate":{"resumable":true}}"""), .. counts, (true, Asked), (false, Said), .. counts]);

        Assert.Equal(2, turns.Count);
        Assert.All(turns, turn => Assert.Equal(
            ("b", Outcome.Completed, isTold ? 9L : null, isTold ? 20L : (long?)null), (turn.Turn!.ReplyText, turn.Outcome, turn.Turn.Usage?.Input, turn.Turn.Usage?.Output)));
    }

    [Fact]
    public void What_is_no_message_harms_nothing_and_an_error_is_told()
    {
        var turn = Assert.Single(Run(
            Path,
            (true, """{"setup":7}"""),
            (true, """{"clientContent":{"turns":["x",7,{"parts":"y"}]}}"""),
            (true, """{"toolResponse":{"functionResponses":{"name":"n","response":{"output":"o"}}}}"""),
            (true, """{"realtimeInput":{"text":"hi","mediaChunks":[7,{"mimeType":"image/jpeg","data":"AAAA"}]}}"""),
            (true, """["x"]"""),
            (false, """{"serverContent":[7]}"""),
            (false, """{"toolCall":{"functionCalls":[7,{"name":"n","args":"x"}]}}"""),
            (false, """{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}""")));

        Assert.Equal((Outcome.UpstreamError, "INVALID_ARGUMENT", "hi"), (turn.Outcome, turn.OutcomeReason, turn.Turn!.Prompt[^1].Blocks[0].Text));
    }

    [Fact]
    public void Every_shared_session_has_a_turn_for_each_answer_and_its_tokens()
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return;
        }

        var sessions = 0;
        foreach (var session in SharedFixtures.Sockets())
        {
            var frames = session.GetProperty("frames").EnumerateArray()
                .Where(frame => frame.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object)
                .Select(frame => (frame.GetProperty("direction").GetString() == "sent", frame.GetProperty("data"))).ToArray();
            var ended = frames.Where(frame => frame.Item2.TryGetProperty("usageMetadata", out _)).Select(frame => frame.Item2.GetProperty("usageMetadata")).ToArray();
            if (ended.Length == 0)
            {
                continue;
            }

            sessions++;
            var turns = Run(Path, [.. frames.Select(frame => (frame.Item1, frame.Item2.GetRawText()))]);

            Assert.Equal(
                ended.Select(usage => (usage.GetProperty("promptTokenCount").GetInt64(), usage.GetProperty("totalTokenCount").GetInt64())),
                turns.Select(turn => (turn.Turn!.Usage!.InputTotal!.Value, turn.Turn.Usage.InputTotal.Value + turn.Turn.Usage.Output!.Value - (turn.Turn.Usage.Reasoning ?? 0))));
            Assert.All(turns, turn => Assert.True(turn is { IsTurn: true, Outcome: Outcome.Completed }, session.GetProperty("id").GetString() + " " + turn.Outcome + " " + turn.OutcomeReason));
        }

        Assert.Equal(4, sessions);
    }

    private static List<InterpretedExchange> Run(string path, params (bool FromClient, string Message)[] messages)
    {
        List<InterpretedExchange> told = [];
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = path, Headers = [] }, 1024, TimeProvider.System);
        using var capture = SocketCapture.Open(
            handshake, [], head => new ExchangeBuilder(head, 64 * 1024 * 1024, TimeProvider.System, one => told.Add(new ExchangeInterpreter().Interpret(one.Snapshot()))))!;
        foreach (var (fromClient, message) in messages)
        {
            // Either side may send its JSON as binary messages.
            if (fromClient)
            {
                capture.FromClient(Frame.Text(message, masked: true));
            }
            else
            {
                capture.FromServer(Frame.Of(0x82, Encoding.UTF8.GetBytes(message)));
            }
        }

        capture.End(Ending.Completed, null, null);
        return told;
    }
}
