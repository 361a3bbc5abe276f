using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Sockets;
using Lethe.Capture.Tests.Sockets;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Sessions inside WebSockets whose messages, order and frames were changed. <c>LETHE_FUZZ_SESSIONS</c> asks for another number of them.</summary>
public sealed class SocketFuzzTests(ITestOutputHelper output)
{
    private const int SessionsOfEveryRun = 4_000;

    [Fact]
    public void However_a_session_is_changed_and_its_bytes_are_split_its_calls_are_the_same_and_can_be_read()
    {
        var first = FuzzRun.Asked("LETHE_FUZZ_FIRST", 0);
        var count = FuzzRun.Asked("LETHE_FUZZ_SESSIONS", SessionsOfEveryRun);
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded);
        var calls = 0;
        for (var seed = first; seed < first + count; seed++)
        {
            var mutation = new Mutation(seed);
            var (path, session) = SocketSeeds.Sessions[mutation.Next(SocketSeeds.Sessions.Length)];
            var changed = Changed(mutation, session);

            var whole = Calls(path, changed, static length => length);
            var split = Calls(path, changed, length => 1 + mutation.Next(Math.Min(length, 30)));

            Assert.True(whole.Select(Words).SequenceEqual(split.Select(Words)), $"session {seed}");
            foreach (var call in whole)
            {
                FuzzRun.Check(interpreter.Interpret(call));
                calls++;
            }
        }

        output.WriteLine($"{count} sessions from {first} on, {calls} calls in them");
        Assert.True(calls > count / 4, $"{calls} calls in {count} sessions");
    }

    private static List<(bool FromClient, byte[] Bytes)> Changed(Mutation mutation, (bool FromClient, string Text)[] session)
    {
        List<(bool FromClient, byte[] Bytes)> frames = [];
        foreach (var (fromClient, text) in session)
        {
            var message = Encoding.UTF8.GetBytes(text);
            var other = Encoding.UTF8.GetBytes(session[mutation.Next(session.Length)].Text);
            message = mutation.Next(3) == 0 ? mutation.Of(message, other) : message;
            var frame = Frame.Of((byte)(mutation.Next(4) == 0 ? 0x82 : 0x81), message, fromClient);
            frame = mutation.Next(20) == 0 ? mutation.Of(frame, other) : frame;
            for (var times = mutation.Next(12) switch { 0 => 0, 1 => 2, _ => 1 }; times > 0; times--)
            {
                frames.Insert(mutation.Next(10) == 0 ? mutation.Next(frames.Count + 1) : frames.Count, (fromClient, frame));
            }
        }

        return frames;
    }

    private static List<CapturedExchange> Calls(string path, List<(bool FromClient, byte[] Bytes)> frames, Func<int, int> step)
    {
        List<CapturedExchange> calls = [];
        var handshake = new ExchangeBuilder(new ExchangeHead { Door = Door.Forwarding, Method = "GET", Path = path, Headers = [] }, 1024, TimeProvider.System);
        using var capture = SocketCapture.Open(handshake, [], head => new ExchangeBuilder(head, 64 * 1024, TimeProvider.System, one => calls.Add(one.Snapshot())))!;
        foreach (var (fromClient, bytes) in frames)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(step(bytes.Length - at), bytes.Length - at);
                var part = bytes.AsMemory(at, length);
                if (fromClient)
                {
                    capture.FromClient(part);
                }
                else
                {
                    capture.FromServer(part);
                }

                at += length;
            }
        }

        capture.End(Ending.Completed, null, null);
        return calls;
    }

    private static (string Request, string Response, Ending Ending, string? Reason) Words(CapturedExchange call) =>
        (Convert.ToBase64String(call.Request.Bytes.Span), Convert.ToBase64String(call.Response.Bytes.Span), call.Ending, call.EndingReason);
}
