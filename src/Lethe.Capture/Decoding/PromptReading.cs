using System.Text.Json;
using Lethe.Capture.Decoding.Caching;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>Puts a prompt together: what stands in the document, and what was met before.</summary>
internal static class PromptReading
{
    /// <summary>The turn with its whole prompt, and the outcomes of tool calls that it carries.</summary>
    public static Turn Complete(Turn turn, RequestReading reading)
    {
        var known = reading.Repeat?.Known ?? [];
        var prompt = turn.Prompt;
        if (reading.Cut > 0)
        {
            var whole = new Message[prompt.Count + reading.Cut];
            for (var i = 0; i < whole.Length; i++)
            {
                var behind = i - RequestReading.FirstMessages;
                whole[i] = behind < 0 ? prompt[i] : behind < reading.Cut ? known[i].Message! : prompt[i - reading.Cut];
            }

            prompt = whole;
        }

        List<ToolResult> results = [];
        for (var i = 0; i < prompt.Count; i++)
        {
            if (i < known.Count)
            {
                results.AddRange(known[i].Results);
            }
            else
            {
                Collect(prompt[i], i, results);
            }
        }

        turn = turn with { Prompt = prompt, ToolResults = results };
        return reading.Json is { RootElement: { ValueKind: JsonValueKind.Object } request }
            ? turn with { CacheMarks = CacheMarks.Read(request, prompt, known), CacheParameters = CacheMarks.Parameters(request) }
            : turn;
    }

    /// <summary>The turn with the outcomes that its reply carries: of tools that the vendor itself ran.</summary>
    public static Turn Answered(Turn turn)
    {
        List<ToolResult> results = [];
        for (var i = 0; i < turn.Reply.Count; i++)
        {
            Collect(turn.Reply[i], turn.Prompt.Count + i, results);
        }

        return results.Count == 0 ? turn : turn with { ToolResults = [.. turn.ToolResults, .. results] };
    }

    private static void Collect(Message message, int place, List<ToolResult> results)
    {
        foreach (var block in message.Blocks)
        {
            if (block is { Type: "tool_result", ToolResultId: { } id })
            {
                results.Add(new ToolResult(id, block.IsError, block.ToolOutput) { Message = place });
            }
        }
    }
}
