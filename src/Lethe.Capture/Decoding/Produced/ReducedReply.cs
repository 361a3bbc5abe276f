using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Produced;

/// <summary>A reply that a producer has reduced to one document, whatever dialect it came in.</summary>
internal sealed class ReducedReply : IReply
{
    private Answer answer = Answer.None;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        if (json.ObjectMember("message"u8) is not { } said)
        {
            return;
        }

        // The frame's memory is not ours for longer than this call.
        var message = ReducedContent.ReadMessage(said, default);
        List<ToolCall> calls = [];
        ToolCallReading.Collect(message, calls);
        answer = new Answer
        {
            Model = json.Word("model"u8),
            Stop = json.Word("stop_reason"u8),
            Usage = json.ObjectMember("usage"u8) is { } usage ? ReadUsage(usage) : null,
            Messages = [message],
            Text = Texts.Join([.. message.Blocks.Where(block => block is { Type: "text", Text: not null }).Select(block => block.Text!)]),
            Reasoning = Texts.Join([.. message.Blocks.Where(block => block is { Type: "thinking", Thinking.Length: > 0 }).Select(block => block.Thinking!)]),
            ToolCalls = calls,
            Complete = true,
        };
    }

    public Answer Finish(ReplyEnd end) => answer;

    // Its prompt tokens include what was read from, and written to, the vendor's cache.
    private static Usage ReadUsage(JsonElement usage)
    {
        var prompt = usage.Count("prompt_tokens"u8);
        var read = usage.Count("cache_read_input_tokens"u8);
        var written = usage.Count("cache_creation_input_tokens"u8);
        var fresh = prompt - (read ?? 0) - (written ?? 0);
        return new Usage
        {
            Input = fresh is < 0 ? 0 : fresh,
            CacheRead = read,
            CacheWrite5m = written,
            Output = usage.Count("completion_tokens"u8),
            Final = true,
            Clamped = fresh is < 0,
            ReportedJson = usage.GetRawText(),
        };
    }
}
