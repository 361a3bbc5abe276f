using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Sockets;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Tests.Sockets;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Mutated WebSockets of every API, deflated too, within a bound of memory: none of it is kept, and every call has its end. <c>LETHE_FUZZ_SESSIONS</c> asks for another number of them.</summary>
public sealed class SocketMemoryTests(ITestOutputHelper output)
{
    private const int SessionsOfEveryRun = 2_000;
    private const int MessageBytesMax = 256 * 1024;
    private const long BudgetBytes = 4 * 1024 * 1024;
    private const long AllocatedBytesMax = 8 * 1024 * 1024;
    private const int AllocatedPerByteMax = 2_000;
    private const int LongestRecorded = 60;

    [Fact]
    public void However_a_session_is_changed_nothing_of_it_is_kept_and_every_call_has_its_end()
    {
        var sessions = Sessions();
        var first = FuzzRun.Asked("LETHE_FUZZ_FIRST", 0);
        var count = FuzzRun.Asked("LETHE_FUZZ_SESSIONS", SessionsOfEveryRun);
        var (begun, told) = (0, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var mutation = new Mutation(seed);
            var session = sessions[mutation.Next(sessions.Count)];
            var other = sessions[mutation.Next(sessions.Count)];
            List<ExchangeBuilder> calls = [];
            var ended = 0;
            var budget = new CaptureBudget(BudgetBytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var bytes = 0;
            try
            {
                bytes = Play(mutation, session, other, head =>
                {
                    var call = new ExchangeBuilder(head, MessageBytesMax, TimeProvider.System, _ => ended++);
                    calls.Add(call);
                    return call;
                }, budget);
                told += calls.Count(call => new ExchangeInterpreter().Interpret(call.Snapshot()).IsTurn);
            }
            catch (Exception exception)
            {
                Assert.Fail($"mutation {seed}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllocatedBytesMax + ((long)bytes * AllocatedPerByteMax), $"mutation {seed} of {bytes} bytes allocated {allocated}");
            Assert.True(ended == calls.Count, $"mutation {seed}: {calls.Count} calls, {ended} ends");
            Assert.True(budget.HeldBytes == 0, $"mutation {seed} keeps {budget.HeldBytes} bytes");
            begun += calls.Count;
            calls.ForEach(call => call.Dispose());
        }

        output.WriteLine($"{count} mutations from {first} on, {begun} calls, {told} turns");
        Assert.True(told > count / 10, $"{told} turns of {count} mutations");
    }

    private static int Play(Mutation mutation, Session session, Session other, Func<ExchangeHead, ExchangeBuilder> begin, CaptureBudget budget)
    {
        var deflates = mutation.Next(3) == 0;
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = session.Path, Headers = [] }, 1024, TimeProvider.System);
        using var capture = SocketCapture.Open(
            handshake, deflates ? [new HeaderField("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover; server_no_context_takeover")] : [], begin, MessageBytesMax, budget)!;
        var bytes = 0;
        var level = mutation.Next(3);
        foreach (var (fromClient, message) in session.Messages)
        {
            var said = level == 0 && mutation.Next(4) == 0 ? mutation.Of(message, other.Messages[mutation.Next(other.Messages.Count)].Message) : message;
            var frames = Frames(mutation, said, fromClient, deflates && mutation.Next(4) > 0);
            frames = level == 1 && mutation.Next(8) == 0 ? mutation.Of(frames, message) : frames;
            bytes += frames.Length;
            for (var at = 0; at < frames.Length;)
            {
                var length = Math.Min(1 + mutation.Next(mutation.Next(2) == 0 ? 7 : 70_000), frames.Length - at);
                Feed(capture, fromClient ^ (mutation.Next(500) == 0), frames.AsMemory(at, length));
                at += length;
            }

            if (mutation.Next(60) == 0)
            {
                Feed(capture, fromClient, Frame.Close(1000 + mutation.Next(20), fromClient));
            }
        }

        capture.End((Ending)mutation.Next(4), null, null);
        return bytes;
    }

    private static void Feed(SocketCapture capture, bool fromClient, ReadOnlyMemory<byte> bytes)
    {
        if (fromClient)
        {
            capture.FromClient(bytes);
        }
        else
        {
            capture.FromServer(bytes);
        }
    }

    // A message in one frame or in several, a control frame among them.
    private static byte[] Frames(Mutation mutation, byte[] message, bool masked, bool deflates)
    {
        deflates &= message.Length > 0;
        message = deflates ? Frame.Deflated(message) : message;
        var first = (byte)((mutation.Next(5) == 0 ? 2 : 1) | (deflates ? 0x40 : 0));
        if (mutation.Next(3) > 0 || message.Length < 2)
        {
            return Frame.Of((byte)(first | 0x80), message, masked);
        }

        var cut = mutation.Next(message.Length);
        return [.. Frame.Of(first, message[..cut], masked), .. Frame.Of(0x89, [1, 2], masked), .. Frame.Of(0x80, message[cut..], masked)];
    }

    private static List<Session> Sessions()
    {
        List<Session> all =
        [
            Made("/v1/responses",
                """>{"type":"response.create","model":"g","generate":false,"input":[]}""",
                """{"type":"response.completed","response":{"id":"w","status":"completed","output":[]}}""",
                """>{"type":"response.create","model":"g","previous_response_id":"w","input":[{"role":"user","content":[{"type":"input_text","text":"q"}]}]}""",
                """{"type":"response.created","response":{"id":"r","model":"g"}}""",
                """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}""",
                """>{"type":"response.inject","response_id":"r","input":[{"type":"function_call_output","call_id":"c","output":"o"}]}""",
                """>{"type":"response.steer","previous_response_id":"r","input":"s"}""",
                """{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"n","arguments":"{}"}}""",
                """{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":9}}}""",
                """{"type":"response.created","response":{"id":"s","model":"g"}}""",
                """{"type":"error","status":429,"error":{"type":"t","code":"c","message":"m"}}"""),
            Made("/v1/responses",
                """>{"type":"response.create","stream_id":"a","model":"g","input":"q"}""",
                """>{"type":"response.create","stream_id":"b","model":"g","input":"q"}""",
                """{"type":"response.created","stream_id":"b","response":{"id":"b"}}""",
                """{"type":"response.output_text.delta","stream_id":"b","output_index":0,"delta":"x"}""",
                """{"type":"response.failed","stream_id":"a","response":{"id":"a","status":"failed","error":{"code":"c","message":"m"}}}""",
                """{"type":"response.completed","stream_id":"b","response":{"id":"b","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}]}}"""),
            Made("/v1/realtime",
                """{"type":"session.created","session":{"model":"g","instructions":"i","tools":[]}}""",
                """>{"type":"input_audio_buffer.append","audio":"AAAAAAAA"}""",
                """>{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}}""",
                """>{"type":"response.create"}""",
                """{"type":"response.created","response":{"id":"r","status":"in_progress"}}""",
                """{"type":"response.output_audio.delta","response_id":"r","delta":"AAAAAAAA"}""",
                """{"type":"response.output_audio_transcript.delta","response_id":"r","delta":"a"}""",
                """{"type":"response.done","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"a"}]}],"usage":{"input_tokens":9,"output_tokens":2}}}"""),
            Made("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
                """>{"setup":{"model":"models/g","systemInstruction":{"parts":[{"text":"s"}]}}}""",
                """{"setupComplete":{}}""",
                """>{"clientContent":{"turns":[{"role":"user","parts":[{"text":"a"}]}],"turnComplete":true}}""",
                """{"serverContent":{"modelTurn":{"parts":[{"text":"b"},{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}""",
                """{"toolCall":{"functionCalls":[{"id":"c","name":"n","args":{}}]}}""",
                """{"serverContent":{"turnComplete":true}}""",
                """{"usageMetadata":{"promptTokenCount":9,"responseTokenCount":20}}""",
                """>{"toolResponse":{"functionResponses":[{"id":"c","name":"n","response":{}}]}}""",
                """{"serverContent":{"outputTranscription":{"text":"c"},"turnComplete":true},"usageMetadata":{"promptTokenCount":9}}"""),
        ];
        if (SharedFixtures.Directory is not null)
        {
            all.AddRange(SharedFixtures.Sockets().Select(Recorded));
        }

        return all;
    }

    private static Session Made(string path, params string[] messages) =>
        new(path, [.. messages.Select(message => (message[0] == '>', Encoding.UTF8.GetBytes(message.TrimStart('>'))))]);

    private static Session Recorded(JsonElement session)
    {
        var messages = session.GetProperty("frames").EnumerateArray()
            .Where(frame => frame.TryGetProperty("data", out _))
            .Take(LongestRecorded)
            .Select(frame => (frame.GetProperty("direction").GetString() == "sent", Encoding.UTF8.GetBytes(frame.GetProperty("data").GetRawText()))).ToList();
        var isLive = messages.Exists(message => Encoding.UTF8.GetString(message.Item2).Contains("\"setup\"", StringComparison.Ordinal));
        return new Session(isLive ? "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent" : "/v1/realtime", messages);
    }

    private sealed record Session(string Path, List<(bool FromClient, byte[] Message)> Messages);
}
