using System.Text;
using System.Text.Json;

namespace Lethe.Proxy.Benchmarks;

/// <summary>Requests of the sizes that real agents send, with invented words.</summary>
internal static class AgentBodies
{
    /// <summary>A Messages request of about that size: a long system prompt, tools, a short question.</summary>
    public static byte[] Request(int bytes, int seed, bool stream)
    {
        var words = Words(seed, bytes - 1500);
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "claude-sonnet-4-5",
            max_tokens = 1024,
            stream,
            system = words[..(words.Length / 2)],
            tools = Enumerable.Range(0, 4).Select(tool => new { name = $"tool_{tool}", description = words.Substring(words.Length / 2 + tool * (words.Length / 8), words.Length / 8), input_schema = new { type = "object" } }),
            messages = new[] { new { role = "user", content = $"question {seed}" } },
        });
    }

    /// <summary>
    /// A request of about that size whose last message, of 2 KB, is another one each time: agents send system prompt, tools and history again, and
    /// something new behind them.
    /// </summary>
    public static Func<byte[]> Calls(int bytes, int seed, bool stream)
    {
        const int NewBytes = 2_000;
        var body = Request(bytes - NewBytes, seed, stream);
        var news = Encoding.UTF8.GetBytes(Words(seed + 1, 1_000_000).Replace('"', '_').Replace('\n', '_'));
        var end = body.AsSpan().LastIndexOf("\"}]"u8);
        return () =>
        {
            var call = new byte[body.Length + NewBytes];
            body.AsSpan(0, end).CopyTo(call);
            news.AsSpan(Random.Shared.Next(news.Length - NewBytes), NewBytes).CopyTo(call.AsSpan(end));
            body.AsSpan(end).CopyTo(call.AsSpan(end + NewBytes));
            return call;
        };
    }

    /// <summary>English-like text, different for each seed, with newlines and quotes as code has them.</summary>
    public static string Words(int seed, int length)
    {
        string[] vocabulary = ["the", "file", "return", "\"value\"", "if", "not", "in\n", "list", "path", "{", "}", "test", "because", "model", "tokens", "journal", "=>", "session"];
        var random = new Random(seed);
        var text = new StringBuilder(length + 16);
        while (text.Length < length)
        {
            text.Append(vocabulary[random.Next(vocabulary.Length)]).Append(random.Next(50) == 0 ? random.Next(100_000).ToString(null, null) : "").Append(' ');
        }

        return text.ToString(0, Math.Max(0, length));
    }
}
