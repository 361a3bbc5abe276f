using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>Collects the outcomes of tool calls that a prompt carries.</summary>
internal static class ToolResultReading
{
    public static void Collect(Message message, List<ToolResult> results)
    {
        foreach (var block in message.Blocks)
        {
            if (block is { Type: "tool_result", ToolResultId: { } id })
            {
                results.Add(new ToolResult(id, block.IsError, block.ToolOutput));
            }
        }
    }
}
