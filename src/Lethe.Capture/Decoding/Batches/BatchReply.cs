using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Batches;

/// <summary>Adds up what the calls of a batch used, at the batch's price. A call that failed is no failure of the reading.</summary>
internal sealed class BatchReply(string vendor) : IReply
{
    private const string Tier = "batch";

    private readonly Dictionary<string, Usage> byModel = new(StringComparer.Ordinal);
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (json.ObjectMember("result"u8)?.ObjectMember("message"u8) is { } message)
        {
            Add(message, message.ObjectMember("usage"u8) is { } told ? AnthropicUsage.Read(told, final: true) : null);
        }
        else if (json.ObjectMember("response"u8)?.ObjectMember("body"u8) is { } body)
        {
            Add(body, body.Is("object"u8, "response"u8) ? ResponsesUsage.Find(body) : ChatUsage.Find(body, vendor, Tier, final: true));
        }
        else if (kind == FrameKind.Document)
        {
            error = WireError.Inside(json, "body");
        }
    }

    public Answer Finish(ReplyEnd end) => new()
    {
        Model = byModel.Count == 1 ? byModel.Keys.Single() is { Length: > 0 } model ? model : null : null,
        Usage = byModel.Values.Aggregate((Usage?)null, (sum, next) => sum?.Plus(next) ?? next) is { } all
            ? all with { ServiceTier = Tier, ReportedJson = null, Iterations = byModel.Count == 1 ? all.Iterations : [.. byModel.Select(Pass)] }
            : null,
        Error = error,
        Complete = error is null && end != ReplyEnd.Cut,
    };

    private void Add(JsonElement answer, Usage? usage)
    {
        if (usage is not null)
        {
            var model = answer.Word("model"u8) ?? "";
            byModel[model] = byModel.TryGetValue(model, out var before) ? before.Plus(usage) : usage;
        }
    }

    private static UsageIteration Pass(KeyValuePair<string, Usage> part) => new(
        Tier, part.Key, part.Value.Input ?? 0, part.Value.CacheRead ?? 0, part.Value.CacheWrite5m ?? 0, part.Value.CacheWrite1h ?? 0, part.Value.Output ?? 0);
}
