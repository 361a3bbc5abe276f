using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>
/// Unwraps what a model said in its own language: a stream carries it in base64. The language is told by the first thing said; the counts by the model itself,
/// else by what Bedrock adds to the last event, or to the headers.
/// </summary>
internal sealed class InvokeReply(CallView call) : IReply
{
    private IReply? inner;
    private Usage? counted;
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (kind == FrameKind.Fault)
        {
            error ??= WireError.Of(json, "stream") with { Type = name.IsEmpty ? null : Encoding.UTF8.GetString(name) };
        }
        else if (json.Member("bytes"u8) is { ValueKind: JsonValueKind.String } wrapped)
        {
            if (wrapped.TryGetBytesFromBase64(out var bytes) && JsonReading.TryParse(HalfCharacters.Mark(bytes)) is { } document)
            {
                using (document)
                {
                    Open(document.RootElement).Take(FrameKind.Event, name.SequenceEqual("chunk"u8) ? default : name, document.RootElement);
                    Count(document.RootElement);
                }
            }
            else
            {
                error ??= new ExchangeError("stream", null, null, "a chunk that is no JSON");
            }
        }
        else
        {
            Open(json).Take(kind, name, json);
            Count(json);
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        var answer = inner?.Finish(end) ?? Answer.None;
        return answer with
        {
            Usage = answer.Usage ?? counted ?? OfHeaders(),
            Error = answer.Error ?? error,
            Complete = answer.Complete && error is null,
        };
    }

    private IReply Open(JsonElement json) => inner ??=
        json.Text("type"u8) is "message_start" or "message" or "error" or "ping" || (json.Member("content"u8) is not null && json.Member("stop_reason"u8) is not null) ? new AnthropicReply()
        : json.Member("choices"u8) is not null ? new ChatReply(call.Vendor)
        : json.Member("output"u8) is { ValueKind: JsonValueKind.Object } || json.Member("messageStart"u8) is not null ? new ConverseReply()
        : new InvokedText();

    private void Count(JsonElement json)
    {
        if (json.ObjectMember("amazon-bedrock-invocationMetrics"u8) is { } metrics)
        {
            counted = new Usage
            {
                Input = metrics.Count("inputTokenCount"u8),
                CacheRead = metrics.Count("cacheReadInputTokenCount"u8),
                CacheWrite5m = metrics.Count("cacheWriteInputTokenCount"u8),
                Output = metrics.Count("outputTokenCount"u8),
                ReportedJson = metrics.GetRawText(),
                Final = true,
            };
        }
    }

    private Usage? OfHeaders()
    {
        var usage = new Usage
        {
            Input = Header("x-amzn-bedrock-input-token-count"),
            CacheRead = Header("x-amzn-bedrock-cache-read-input-token-count"),
            CacheWrite5m = Header("x-amzn-bedrock-cache-write-input-token-count"),
            Output = Header("x-amzn-bedrock-output-token-count"),
            Final = true,
        };
        return usage.InputTotal is null && usage.Output is null ? null : usage;
    }

    private long? Header(string name) =>
        long.TryParse(call.Headers.First(name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count < JsonReading.CountMax ? count : null;
}
