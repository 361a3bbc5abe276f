using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>The tool calls of an assistant message: functions, custom tools, and the older single function call.</summary>
internal static class ChatToolCalls
{
    public static List<ToolCall> Read(JsonElement message)
    {
        List<ToolCall> calls = [];
        foreach (var call in message.Items("tool_calls"u8))
        {
            if (ReadCall(call) is { } read)
            {
                calls.Add(read);
            }
        }

        // Some servers put an empty function_call on every message.
        if (calls.Count == 0 && message.ObjectMember("function_call"u8) is { } single && single.Word("name"u8) is { } name)
        {
            calls.Add(new ToolCall(null, name, ToolArguments.FromValue(single.Member("arguments"u8))));
        }

        return calls;
    }

    private static ToolCall? ReadCall(JsonElement call)
    {
        if (call.ObjectMember("function"u8) is { } function)
        {
            return new ToolCall(call.Word("id"u8), function.Text("name"u8) ?? "", ToolArguments.FromValue(function.Member("arguments"u8)));
        }

        if (call.ObjectMember("custom"u8) is { } custom)
        {
            return new ToolCall(call.Word("id"u8), custom.Text("name"u8) ?? "", ToolArguments.Quote(custom.Text("input"u8) ?? ""));
        }

        return null;
    }
}
