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
