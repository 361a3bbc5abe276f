using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Megabytes of bodies a second, decoded and interpreted on one core, against parsing the same JSON and nothing else.</summary>
internal static class DecodeBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

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
            "Interpretation of an agent's turns, one core: processor time a turn, 2 KB of each request new",
            ["requests grow from 50 KB to", "turn 2, µs", "turn 20, µs", "turn 200, µs", "turn 200 to turn 2", "without the memo, turn 200, µs", "turns/s against without"],
            new[] { 50_000, 200_000, 500_000 }.Select(Turns));
        return Task.CompletedTask;
    }

    private static string[] Turns(int lastBytes)
    {
        const int Conversations = 24;
        const int Turns = 200;
        var baseBytes = Math.Min(50_000, lastBytes / 2);
        // Turn 200 has the size asked for: a smaller one begins its history with larger steps left out.
        var every = Math.Max(1, Turns * 2_000 / Math.Max(1, lastBytes - baseBytes + 2_000));
        var (memo, plain) = (new double[Turns + 1], new double[Turns + 1]);
        foreach (var (times, interpreter) in new[] { (memo, new ExchangeInterpreter(memo: new Capture.Repeats.RepeatMemo())), (plain, new ExchangeInterpreter()) })
        {
            for (var conversation = -2; conversation < Conversations; conversation++)
            {
                var turns = new HonestTurns(baseBytes, conversation + 10, every);
                for (var turn = 1; turn <= Turns; turn++)
                {
                    var exchange = turns.Next();
                    var clock = Stopwatch.GetTimestamp();
                    interpreter.Interpret(exchange);
                    times[turn] += conversation < 0 ? 0 : Stopwatch.GetElapsedTime(clock).TotalMicroseconds / Conversations;
                }
            }
        }

        return
        [
            $"{lastBytes / 1000} KB", Report.Count(memo[2]), Report.Count(Around(memo, 20)), Report.Count(Around(memo, 199)), Report.Ratio(Around(memo, 199) / memo[2]),
            Report.Count(Around(plain, 199)), Report.Ratio(Around(plain, 199) / Around(memo, 199)),
        ];
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
