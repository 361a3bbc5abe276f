using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Benchmarks;

/// <summary>
/// The calls of one agent's conversation: system prompt and tools as in the first request, and at each turn the history so far, a tool's result and a
/// mark for the cache that moves with the last message, as Claude Code sends them. Of each request about 2 KB are new.
/// </summary>
internal sealed class HonestTurns
{
    private const int NewBytes = 2_000;

    // So much of what is repeated the journal reads along, for the last messages are looked at again.
    private const int AgainBytes = 8 * 1024;

    // As an agent's conversations do, all begin alike.
    private static readonly string Reminder = Escape(AgentBodies.Words(7, 3_000));

    private readonly string rest;
    private readonly List<string> history;
    private readonly string words;
    private readonly string session;
    private readonly int every;
    private static long lastId;
    private static long calls;
    private (long Id, byte[] Bytes) before = (0, []);
    private int turn;
    private string answer = "";

    /// <param name="baseBytes">About how much of a request is system prompt and tools.</param>
    /// <param name="every">How many turns replace the newest messages before one adds to the history: 1 for a history that grows at every turn.</param>
    public HonestTurns(int baseBytes, int seed, int every = 1)
    {
        this.every = every;
        var fixedWords = AgentBodies.Words(seed, baseBytes);
        rest = $"\"system\":[{{\"type\":\"text\",\"text\":\"{Escape(fixedWords[..(fixedWords.Length / 4)])}\"}}],\"tools\":["
            + string.Join(',', Enumerable.Range(0, 12).Select(tool =>
                $"{{\"name\":\"tool_{tool}\",\"description\":\"{Escape(fixedWords.Substring((fixedWords.Length / 4) + (tool * (fixedWords.Length / 17)), fixedWords.Length / 17))}\",\"input_schema\":{{\"type\":\"object\"}}}}"))
            + "],\"max_tokens\":32000,\"stream\":true";
        words = AgentBodies.Words(seed + 1, 1_000_000).Replace('"', '_').Replace('\\', '_').Replace('\n', '_');
        session = new Guid(seed, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1).ToString();
        history = [$"{{\"role\":\"user\",\"content\":[{{\"type\":\"text\",\"text\":\"<system-reminder>{Reminder}</system-reminder>\"}},{{\"type\":\"text\",\"text\":\"do the task {seed}\"}}]}}"];
    }

    /// <summary>The next call, as the journal gives it: what the call before began with is named, and not read.</summary>
    public CapturedExchange Next()
    {
        var call = NextAsHeard();
        var request = call.Request.Bytes.ToArray();
        return call with { Request = Grown(request) };
    }

    /// <summary>The next call, as a door hears it.</summary>
    public CapturedExchange NextAsHeard()
    {
        if (turn > 0)
        {
            if (turn % every != 0 && history.Count > 2)
            {
                history.RemoveRange(history.Count - 2, 2);
            }

            history.Add($"{{\"role\":\"assistant\",\"content\":[{{\"type\":\"text\",\"text\":\"{answer}\"}},{{\"type\":\"tool_use\",\"id\":\"toolu_{turn}\",\"name\":\"tool_1\",\"input\":{{\"path\":\"/src/{turn}.cs\"}}}}]}}");
            history.Add($"{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"toolu_{turn}\",\"type\":\"tool_result\",\"content\":\"{Some(NewBytes - 450)}\"}}]}}");
        }

        turn++;
        answer = Some(200);
        var last = history[^1];
        var marked = last[..^3] + ",\"cache_control\":{\"type\":\"ephemeral\"}}]}";
        var messages = string.Join(',', history.Take(history.Count - 1).Append(marked));
        var request = Encoding.UTF8.GetBytes($"{{\"model\":\"claude-sonnet-4-5\",\"messages\":[{messages}],{rest}}}");
        var reply = Reply();
        var id = ExchangeId.New(DateTimeOffset.UtcNow);
        return new CapturedExchange
        {
            Id = id,
            CommitKey = id.ToString(),
            Door = Door.Forwarding,
            CapturedAt = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(turn).AddMicroseconds(Interlocked.Increment(ref calls)),
            Method = "POST",
            Path = "/v1/messages",
            Upstream = "anthropic",
            Provider = "anthropic",
            RequestHeaders = [new("user-agent", "claude-cli/2.1.329 (external, cli)"), new("x-claude-code-session-id", session)],
            Request = new CapturedBody { Bytes = request, WireBytes = request.Length },
            Status = 200,
            ResponseHeaders = [new("content-type", "text/event-stream")],
            Response = new CapturedBody { Bytes = reply, WireBytes = reply.Length },
            Ending = Ending.Completed,
            Duration = TimeSpan.FromSeconds(1),
        };
    }

    /// <summary>A stream of 40 pieces of text and a tool call, which the next request repeats.</summary>
    private byte[] Reply()
    {
        var stream = new StringBuilder();
        Event("message_start", $"\"message\":{{\"id\":\"msg_{session}_{turn}\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"usage\":{{\"input_tokens\":500,\"output_tokens\":1}}}}");
        Event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
        foreach (var piece in answer.Chunk((answer.Length / 40) + 1))
        {
            Event("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{new string(piece)}\"}}");
        }

        Event("content_block_stop", "\"index\":0");
        Event("content_block_start", $"\"index\":1,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"toolu_{turn}\",\"name\":\"tool_1\",\"input\":{{}}}}");
        Event("content_block_delta", $"\"index\":1,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":\"{{\\\"path\\\":\\\"/src/{turn}.cs\\\"}}\"}}");
        Event("content_block_stop", "\"index\":1");
        Event("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":200}");
        Event("message_stop", null);
        return Encoding.UTF8.GetBytes(stream.ToString());

        void Event(string type, string? members) => stream.Append($"event: {type}\ndata: {{\"type\":\"{type}\"{(members is null ? "" : ",")}{members}}}\n\n");
    }

    private CapturedBody Grown(byte[] request)
    {
        var repeated = request.AsSpan().CommonPrefixLength(before.Bytes);
        var origin = new GrownBody.Origin(Interlocked.Increment(ref lastId), before.Id, repeated);
        before = (origin.Id, request);
        return new CapturedBody
        {
            Grown = new GrownBody(origin, request.Length, request.AsMemory(Math.Max(0, repeated - AgainBytes)), (offset, length) => request.AsSpan(offset, length).ToArray()),
            WireBytes = request.Length,
        };
    }

    // Another part of the words for each conversation and turn.
    private string Some(int length) => words.Substring((turn * 2_003) % (words.Length - length), length);

    private static string Escape(string text) => text.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
