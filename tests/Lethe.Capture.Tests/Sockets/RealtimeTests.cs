using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Sockets;
using Lethe.Capture.Tests.Decoding;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Sockets;

/// <summary>Sessions of the Realtime API: a turn per <c>response.done</c>, sound by its size.</summary>
public sealed class RealtimeTests(ITestOutputHelper output)
{
    private static readonly string Sound = Convert.ToBase64String(new byte[4800]);

    [Fact]
    public void A_spoken_answer_is_a_turn_with_its_transcript_and_the_sizes_of_the_sound()
    {
        var turn = Assert.Single(Run(
            (false, """{"type":"session.created","session":{"model":"gpt-realtime","instructions":"Be brief.","tools":[]}}"""),
            (true, $$"""{"type":"input_audio_buffer.append","audio":"{{Sound}}"}"""),
            (false, """{"type":"conversation.item.input_audio_transcription.completed","transcript":"What is my name?"}"""),
            (false, """{"type":"response.created","response":{"id":"resp_1","status":"in_progress"}}"""),
            (false, $$"""{"type":"response.output_audio.delta","response_id":"resp_1","delta":"{{Sound}}"}"""),
            (false, """{"type":"response.done","response":{"id":"resp_1","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"Alice."}]}],"usage":{"input_tokens":9,"output_tokens":20,"input_token_details":{"cached_tokens":4,"audio_tokens":5},"output_token_details":{"audio_tokens":15}}}}""")));

        Assert.Equal((true, Outcome.Completed, "gpt-realtime", "resp_1", "Alice."), (turn.IsTurn, turn.Outcome, turn.Turn!.ModelRequested, turn.Turn.ResponseId, turn.Turn.ReplyText));
        Assert.Equal((5L, 4L, 20L, 5L, 15L), (turn.Turn.Usage!.Input, turn.Turn.Usage.CacheRead, turn.Turn.Usage.Output, turn.Turn.Usage.AudioInput, turn.Turn.Usage.AudioOutput));
        Assert.Equal("What is my name?", Assert.Single(Assert.Single(turn.Turn.Prompt).Blocks).Text);
        Assert.Contains("\"audio_bytes\":4800", Encoding.UTF8.GetString(turn.Exchange.Request.Bytes.Span), StringComparison.Ordinal);
        Assert.Contains("\"delta_bytes\":4800", Encoding.UTF8.GetString(turn.Exchange.Response.Bytes.Span), StringComparison.Ordinal);
        Assert.Equal((turn.Exchange.Attributes[CapturedExchange.ConnectionAttribute], "inference:connection"), (turn.Envelope.HarnessSessionId, turn.Envelope.Evidence["harness_session_id"]));
    }

    [Fact]
    public void Usage_beside_the_response_counts_where_the_response_has_none()
    {
        var turn = Assert.Single(Run(
            (true, """{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}}"""),
            (true, """{"type":"response.create"}"""),
            (false, """{"type":"response.created","response":{"id":"r","usage":{}}}"""),
            (false, """{"type":"response.done","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"audio","transcript":"Hello."}]}],"usage":{}},"usage":{"input_tokens":8,"output_tokens":376}}""")));

        Assert.Equal((8L, 376L, "Hello."), (turn.Turn!.Usage!.Input, turn.Turn.Usage.Output, turn.Turn.ReplyText));
    }

    [Theory]
    [InlineData("""{"audio":{"input":{"transcription":{"model":"gpt-4o-transcribe"}}}}""", """{"type":"tokens","total_tokens":17,"input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":3}""", "gpt-4o-transcribe", 14L, 10L, null)]
    [InlineData("""{"input_audio_transcription":{"model":"whisper-1"}}""", """{"type":"duration","seconds":60}""", "whisper-1", null, null, 6_000_000L)]
    public void A_transcription_that_is_paid_for_is_a_call_of_its_models_and_no_turn(string session, string usage, string model, long? input, long? audio, long? nano)
    {
        var calls = Run(
            (false, $$"""{"type":"session.updated","session":{{session}}}"""),
            (false, """{"type":"response.created","response":{"id":"r"}}"""),
            (false, $$"""{"type":"conversation.item.input_audio_transcription.completed","item_id":"item_1","transcript":"Hi.","usage":{{usage}}}"""),
            (false, """{"type":"response.done","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"Hello."}]}],"usage":{"input_tokens":8,"output_tokens":2}}}"""));

        var (heard, said) = (calls[0], calls[1]);
        Assert.Equal((2, false, Outcome.Completed, model), (calls.Count, heard.IsTurn, heard.Outcome, heard.Turn!.ModelRequested));
        Assert.Equal((input, audio), (heard.Turn.Usage!.InputTotal, heard.Turn.Usage.AudioInput));
        Assert.Equal((true, Outcome.Completed, "Hello.", 8L), (said.IsTurn, said.Outcome, said.Turn!.ReplyText, said.Turn.Usage!.InputTotal));
        Assert.Equal(heard.Envelope.HarnessSessionId, said.Envelope.HarnessSessionId);
        if (nano is { } price)
        {
            Assert.Equal(price, heard.Cost?.NanoUsd);
        }
    }

    [Fact]
    public void What_is_no_item_harms_nothing()
    {
        var turn = Assert.Single(Run(
            (true, """{"type":"conversation.item.create","item":{"content":"x"}}"""),
            (true, """{"type":"conversation.item.create","item":["x"]}"""),
            (false, """{"type":"session.created","session":{"model":7,"tools":{}}}"""),
            (false, """{"type":"response.created","response":{"id":"r"}}"""),
            (false, """{"type":"response.done","response":{"id":"r","output":["x",7,null,{"type":"message","role":"assistant","content":[7,{"transcript":8},{"type":"output_audio","transcript":"Hi."}]}],"usage":[]}}""")));

        Assert.Equal(("Hi.", Outcome.Completed), (turn.Turn!.ReplyText, turn.Outcome));
    }

    [Fact]
    public void A_cut_answer_keeps_what_was_said()
    {
        var turn = Assert.Single(Run(
            (false, """{"type":"response.created","response":{"id":"r"}}"""),
            (false, """{"type":"response.output_audio_transcript.delta","response_id":"r","delta":"Your na"}""")));

        Assert.Equal((Outcome.Incomplete, "no_close", "Your na"), (turn.Outcome, turn.OutcomeReason, turn.Turn!.ReplyText));
    }

    [Fact]
    public void Every_shared_session_has_a_turn_for_each_answer_and_its_tokens()
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return;
        }

        foreach (var session in SharedFixtures.Sockets())
        {
            var frames = session.GetProperty("frames").EnumerateArray()
                .Where(frame => frame.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object)
                .Select(frame => (frame.GetProperty("direction").GetString() == "sent", frame.GetProperty("data"))).ToArray();
            var done = frames.Where(frame => frame.Item2.TryGetProperty("type", out var type) && type.GetString() == "response.done").Select(frame => frame.Item2).ToArray();
            if (done.Length == 0)
            {
                continue;
            }

            var turns = Run([.. frames.Select(frame => (frame.Item1, frame.Item2.GetRawText()))]).FindAll(call => call.Turn!.ResponseId is not null);

            Assert.Equal(done.Select(Tokens), turns.Select(turn => (turn.Turn!.Usage?.InputTotal, turn.Turn.Usage?.Output)));
            Assert.All(turns, turn => Assert.True(turn is { IsTurn: true, Outcome: Outcome.Completed }, session.GetProperty("id").GetString() + " " + turn.Outcome + " " + turn.OutcomeReason));
        }
    }

    private static (long? Input, long? Output) Tokens(JsonElement done)
    {
        var usage = done.GetProperty("response").TryGetProperty("usage", out var inner) && inner.TryGetProperty("input_tokens", out _) ? inner : done.GetProperty("usage");
        return (usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64());
    }

    private static List<InterpretedExchange> Run(params (bool FromClient, string Message)[] messages)
    {
        List<InterpretedExchange> told = [];
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = "/v1/realtime", Provider = "openai", Headers = [] }, 1024, TimeProvider.System);
        using var capture = SocketCapture.Open(
            handshake, [], head => new ExchangeBuilder(head, 64 * 1024 * 1024, TimeProvider.System, one => told.Add(new ExchangeInterpreter(PriceBook.Embedded).Interpret(one.Snapshot()))))!;
        foreach (var (fromClient, message) in messages)
        {
            if (fromClient)
            {
                capture.FromClient(Frame.Text(message, masked: true));
            }
            else
            {
                capture.FromServer(Frame.Text(message));
            }
        }

        capture.End(Ending.Completed, null, null);
        return told;
    }
}
