using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>Collects the tool calls that a reply asks for.</summary>
internal static class ToolCallReading
{
    public static void Collect(Message message, List<ToolCall> calls)
    {
        foreach (var block in message.Blocks)
        {
            if (block is { Type: "tool_use", ToolName: { } name })
            {
                calls.Add(new ToolCall(block.ToolUseId, name, block.ToolInputJson ?? "{}"));
            }
        }
    }
}
