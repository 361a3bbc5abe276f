using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.AnthropicComplete;
using Lethe.Capture.Decoding.Batches;
using Lethe.Capture.Decoding.Bedrock;
using Lethe.Capture.Decoding.Cohere;
using Lethe.Capture.Decoding.Counting;
using Lethe.Capture.Decoding.Gemini;
using Lethe.Capture.Decoding.GeminiInteractions;
using Lethe.Capture.Decoding.GeminiLive;
using Lethe.Capture.Decoding.Media;
using Lethe.Capture.Decoding.Ollama;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.OpenAIRealtime;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>The languages that are spoken here. Nothing else in the product names them one by one.</summary>
internal static class Dialects
{
    public static readonly Dialect[] All =
    [
        new AnthropicDialect(), new ChatDialect(), new ResponsesDialect(), new ConverseDialect(), new ClaudeInvokeDialect(), new InvokeDialect(), new CohereDialect(),
        new OllamaDialect(), new GeminiDialect(), new CountingDialect(), new CompleteDialect(), new BatchesDialect(), new MediaDialect(), new RealtimeDialect(),
        new InteractionsDialect(), new LiveDialect(),
    ];

    /// <summary>The call that a path names in one of them; null when it names none.</summary>
    public static (Endpoint Endpoint, int SuffixLength)? ByPath(string method, string path)
    {
        (Endpoint, int)? found = null;
        foreach (var dialect in All)
        {
            foreach (var rule in dialect.Endpoints)
            {
                if (rule.Accepts(method, path) && !(found is var (_, length) && length >= rule.Suffix.Length))
                {
                    found = (Of(dialect, rule) with { Model = rule.Model(path), Item = rule.Item(path) }, rule.Suffix.Length);
                }
            }
        }

        return found;
    }

    /// <summary>The calls that are made by messages inside a WebSocket to such a path; null when none are.</summary>
    public static SocketRule? BySocket(string path) => Spoken(path)?.Socket;

    /// <summary>What a call inside a WebSocket to such a path is; null when nobody here knows.</summary>
    public static Endpoint? InSocket(string path) => Spoken(path) is { } dialect ? new Endpoint(dialect.Socket!.Name, Operation.Chat, dialect) { Streams = true, Vendor = dialect.Vendor } : null;

    /// <summary>The call that most speaks for where the path says nothing; null when nothing speaks for any.</summary>
    /// <param name="answer">The first thing the response said, when that is JSON.</param>
    public static Endpoint? ByVote(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer)
    {
        var (most, found) = (0, (Endpoint?)null);
        foreach (var dialect in All)
        {
            var (votes, name) = dialect.Claims(headers, request, answer);
            if (votes > most)
            {
                (most, found) = (votes, Named(dialect, name));
            }
        }

        return found;
    }

    private static Dialect? Spoken(string path) => Array.Find(All, dialect => dialect.Socket?.Accepts(path) == true);

    private static Endpoint? Named(Dialect dialect, string name)
    {
        foreach (var rule in dialect.Endpoints)
        {
            if (rule.Name == name)
            {
                return Of(dialect, rule);
            }
        }

        return null;
    }

    private static Endpoint Of(Dialect dialect, EndpointRule rule) => new(rule.Name, rule.Operation, dialect)
    {
        Streams = rule.Streams,
        Vendor = rule.Vendor ?? dialect.Vendor,
        IsOpaque = rule.IsOpaque,
    };
}
