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

    private readonly string rest;
    private readonly List<string> history;
    private readonly string words;
    private readonly string session;
    private readonly int every;
    private static long lastId;
    private (long Id, byte[] Bytes) before = (0, []);
    private int turn;

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
        words = AgentBodies.Words(seed + 1, 1_000_000);
        session = new Guid(seed, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1).ToString();
        history = [$"{{\"role\":\"user\",\"content\":[{{\"type\":\"text\",\"text\":\"<system-reminder>project notes</system-reminder>\"}},{{\"type\":\"text\",\"text\":\"do the task {seed}\"}}]}}"];
    }

    /// <summary>The next call.</summary>
    public CapturedExchange Next()
    {
        if (turn > 0)
        {
            if (turn % every != 0 && history.Count > 2)
            {
                history.RemoveRange(history.Count - 2, 2);
            }

            history.Add($"{{\"role\":\"assistant\",\"content\":[{{\"type\":\"text\",\"text\":\"{Some(200)}\"}},{{\"type\":\"tool_use\",\"id\":\"toolu_{turn}\",\"name\":\"tool_1\",\"input\":{{\"path\":\"/src/{turn}.cs\"}}}}]}}");
            history.Add($"{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"toolu_{turn}\",\"type\":\"tool_result\",\"content\":\"{Some(NewBytes - 450)}\"}}]}}");
        }

        turn++;
        var last = history[^1];
        var marked = last[..^3] + ",\"cache_control\":{\"type\":\"ephemeral\"}}]}";
        var messages = string.Join(',', history.Take(history.Count - 1).Append(marked));
        var request = Encoding.UTF8.GetBytes($"{{\"model\":\"claude-sonnet-4-5\",\"messages\":[{messages}],{rest}}}");
        var exchange = DecodeBenchmark.Exchange(1_600, 40);
        return exchange with
        {
            RequestHeaders = [new("user-agent", "claude-cli/2.1.329 (external, cli)"), new("x-claude-code-session-id", session)],
            Request = Grown(request),
        };
    }

    /// <summary>As the journal gives it: what the call before began with is named, and not read.</summary>
    private CapturedBody Grown(byte[] request)
    {
        var repeated = request.AsSpan().CommonPrefixLength(before.Bytes);
        var origin = new GrownBody.Origin(Interlocked.Increment(ref lastId), 0, before.Id, repeated);
        before = (origin.Id, request);
        return new CapturedBody
        {
            Grown = new GrownBody(origin, request.AsMemory(repeated), (offset, length) => request.AsSpan(offset, length).ToArray()),
            WireBytes = request.Length,
        };
    }

    // Another part of the words for each conversation and turn.
    private string Some(int length) => Escape(words.Substring((turn * 2_003) % (words.Length - length), length));

    private static string Escape(string text) => text.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
