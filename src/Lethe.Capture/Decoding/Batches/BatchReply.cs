using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Batches;

/// <summary>Adds up what the calls of a batch used, at the batch's price. A call that failed is no failure of the reading, and one that is told twice is one.</summary>
/// <param name="batch">The id of the batch, or of the file that holds its results.</param>
internal sealed class BatchReply(string vendor, string batch) : IReply
{
    private const string Tier = "batch";

    private readonly List<BatchResult> results = [];
    private readonly HashSet<string> keys = new(StringComparer.Ordinal);
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (json.ObjectMember("result"u8)?.ObjectMember("message"u8) is { } message)
        {
            Add(json, message, message.ObjectMember("usage"u8) is { } told ? AnthropicUsage.Read(told, final: true) : null);
        }
        else if (json.ObjectMember("response"u8)?.ObjectMember("body"u8) is { } body)
        {
            Add(json, body, body.Is("object"u8, "response"u8) ? ResponsesUsage.Find(body) : ChatUsage.Find(body, vendor, Tier, final: true));
        }
        else if (kind == FrameKind.Document)
        {
            error = WireError.Inside(json, "body");
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        var models = results.Select(result => result.Model).Distinct(StringComparer.Ordinal).ToList();
        var all = results.Aggregate((Usage?)null, (sum, next) => sum?.Plus(next.Usage) ?? next.Usage);
        return new Answer
        {
            Model = models.Count == 1 ? models[0] : null,
            Usage = all is null ? null : all with { ServiceTier = Tier, ReportedJson = null, Iterations = [] },
            Results = results,
            Error = error,
            Complete = error is null && end != ReplyEnd.Cut,
        };
    }

    private void Add(JsonElement line, JsonElement answer, Usage? usage)
    {
        var key = KeyOf(line.Word("custom_id"u8), answer.Word("id"u8) ?? line.Word("id"u8));
        if (usage is not null && keys.Add(key))
        {
            results.Add(new BatchResult(batch, key, answer.Word("model"u8), usage with { ServiceTier = Tier }));
        }
    }

    private string KeyOf(string? customId, string? answerId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{batch}\0{customId}\0{answerId}")).AsSpan(0, SHA256.HashSizeInBytes / 2));
}
