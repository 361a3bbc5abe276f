using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Repeats;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Megabytes of bodies a second, decoded and interpreted on one core, against parsing the same JSON and nothing else.</summary>
internal static class DecodeBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    public static Task RunAsync(Report report)
    {
        (string Name, CapturedExchange Exchange)[] shapes = [("50 KB request, 40-event SSE", Exchange(50_000, 40)), ("400 KB request, 400-event SSE", Exchange(400_000, 400))];
        var interpreter = new ExchangeInterpreter();
        report.Table(
            "Decode, one core",
            ["shape", "parse only, MB/s", "decode, MB/s", "decode + chain + session, MB/s", "decode to parse"],
            shapes.Select(shape =>
            {
                var bytes = shape.Exchange.Request.Bytes.Length + shape.Exchange.Response.Bytes.Length;
                var parse = Rate(bytes, () => JsonDocument.Parse(shape.Exchange.Request.Bytes).Dispose());
                var decode = Rate(bytes, () => TurnDecoder.Decode(shape.Exchange).Dispose());
                var interpret = Rate(bytes, () => interpreter.Interpret(shape.Exchange));
                return new[] { shape.Name, Report.Count(parse), Report.Count(decode), Report.Count(interpret), Report.Ratio(decode / parse) };
            }));
        report.Table(
            "Decode by dialect, one core: a request of 20 KB, an answer of 200 events (a document where there are none)",
            ["dialect", "its JSON parsed only, MB/s", "decode, MB/s", "decode to parse"],
            DialectBodies.All().Select(Understood).Select(body =>
            {
                var bytes = body.Exchange.Request.Bytes.Length + body.Exchange.Response.Bytes.Length;
                var parse = Rate(bytes, () => body.Parse());
                var decode = Rate(bytes, () => TurnDecoder.Decode(body.Exchange).Dispose());
                return new[] { body.Name, Report.Count(parse), Report.Count(decode), Report.Ratio(decode / parse) };
            }));
        report.Table(
            "Interpretation of an agent's turns, one core: processor time a turn, 2 KB of each request new",
            ["requests grow from 50 KB to", "turn 2, µs", "turn 20, µs", "turn 200, µs", "turn 200 to turn 2", "without the memo, turn 200, µs", "turns/s against without"],
            new[] { 50_000, 200_000, 500_000 }.Select(Turns));
        return Task.CompletedTask;
    }

    /// <summary>A body that is not read to its end would be measured for nothing.</summary>
    private static DialectBody Understood(DialectBody body)
    {
        using var decoded = TurnDecoder.Decode(body.Exchange);
        return decoded is { NotDecodedReason: null, Turn: { ReplyComplete: true, Error: null } }
            ? body
            : throw new InvalidOperationException($"{body.Name} is not decoded: {decoded.NotDecodedReason ?? decoded.Turn?.Error?.Type}");
    }

    /// <summary>Many conversations go on together, and the processor time of all their calls of one turn is taken at once: the clock of a busy machine tells nothing.</summary>
    private static string[] Turns(int lastBytes)
    {
        const int Conversations = 32;
        const int Turns = 201;
        const int NewBytes = 2_000;
        var baseBytes = Math.Min(50_000, lastBytes / 2);
        var every = Math.Max(1, Turns * NewBytes / (lastBytes - baseBytes));
        var memo = Times(new ExchangeInterpreter(memo: new RepeatMemo()));
        var plain = Times(new ExchangeInterpreter());
        return
        [
            $"{lastBytes / 1000} KB", Report.Count(memo[2]), Report.Count(Around(memo, 20)), Report.Count(Around(memo, 200)), Report.Ratio(Around(memo, 200) / memo[2]),
            Report.Count(Around(plain, 200)), Report.Ratio(Around(plain, 200) / Around(memo, 200)),
        ];

        double[] Times(ExchangeInterpreter interpreter)
        {
            var times = new double[Turns + 1];
            Warm(interpreter, baseBytes);
            HonestTurns[] conversations = [.. Enumerable.Range(100, Conversations).Select(seed => new HonestTurns(baseBytes, seed, every))];
            for (var turn = 1; turn <= Turns; turn++)
            {
                CapturedExchange[] calls = [.. conversations.Select(conversation => conversation.Next())];
                // What making the calls left behind is not to be cleaned up while they are timed.
                GC.Collect();
                var before = Environment.CpuUsage.TotalTime;
                foreach (var call in calls)
                {
                    interpreter.Interpret(call);
                }

                times[turn] = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Conversations;
            }

            return times;
        }
    }

    /// <summary>The first calls of a process are compiled while they run.</summary>
    private static void Warm(ExchangeInterpreter interpreter, int baseBytes)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var turns = new HonestTurns(baseBytes, seed);
            for (var turn = 0; turn < 30; turn++)
            {
                interpreter.Interpret(turns.Next());
            }
        }
    }

    private static double Around(double[] times, int turn) => times.AsSpan((turn - 1)..(turn + 2)).ToArray().Average();

    /// <summary>A captured Messages call with a streamed reply of that many events.</summary>
    public static CapturedExchange Exchange(int requestBytes, int events)
    {
        var request = AgentBodies.Request(requestBytes, 5, stream: true);
        var response = new StringBuilder("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"usage\":{\"input_tokens\":500,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
        for (var number = 0; number < events; number++)
        {
            response.Append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a few words at a time \"}}\n\n");
        }

        response.Append("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":200}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
        var reply = Encoding.UTF8.GetBytes(response.ToString());
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
        var id = ExchangeId.New(at);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = at,
            Method = "POST",
            Path = "/v1/messages",
            Upstream = "anthropic",
            Provider = "anthropic",
            RequestHeaders = [new("user-agent", "claude-cli/2.1.329 (external, cli)"), new("x-claude-code-session-id", "3f0c1a52-0000-4000-8000-000000000001")],
            Request = new CapturedBody { Bytes = request, WireBytes = request.Length },
            Status = 200,
            ResponseHeaders = [new("content-type", "text/event-stream")],
            Response = new CapturedBody { Bytes = reply, WireBytes = reply.Length },
            Ending = Ending.Completed,
        };
    }

    private static double Rate(int bytes, Action action)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(1))
        {
            action();
        }

        clock.Restart();
        long rounds = 0;
        while (clock.Elapsed < Duration)
        {
            action();
            rounds++;
        }

        return rounds * (double)bytes / clock.Elapsed.TotalSeconds / 1e6;
    }
}
