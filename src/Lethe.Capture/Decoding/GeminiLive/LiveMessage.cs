using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.GeminiLive;

/// <summary>Members of a Live message, whose names clients write in either way that protocol buffers allow.</summary>
internal static class LiveMessage
{
    public static JsonElement? Setup(JsonElement message) => message.ObjectMember("setup"u8);

    public static JsonElement? ClientContent(JsonElement message) => message.ObjectMember("clientContent"u8) ?? message.ObjectMember("client_content"u8);

    public static bool IsTurnComplete(JsonElement content) => content.IsTrue("turnComplete"u8) || content.IsTrue("turn_complete"u8);

    public static JsonElement? RealtimeInput(JsonElement message) => message.ObjectMember("realtimeInput"u8) ?? message.ObjectMember("realtime_input"u8);

    public static JsonElement? ToolResponse(JsonElement message) => message.ObjectMember("toolResponse"u8) ?? message.ObjectMember("tool_response"u8);

    /// <summary>The answers of functions: a list, or the one alone.</summary>
    public static IEnumerable<JsonElement> FunctionResponses(JsonElement response) =>
        (response.Member("functionResponses"u8) ?? response.Member("function_responses"u8)) switch
        {
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
            { ValueKind: JsonValueKind.Object } only => [only],
            _ => [],
        };

    public static JsonElement? ServerContent(JsonElement message) => message.ObjectMember("serverContent"u8) ?? message.ObjectMember("server_content"u8);

    public static JsonElement? ToolCall(JsonElement message) => message.ObjectMember("toolCall"u8) ?? message.ObjectMember("tool_call"u8);

    /// <summary>The calls of functions that a message asks for.</summary>
    public static IEnumerable<JsonElement> FunctionCalls(JsonElement call) =>
        (call.Member("functionCalls"u8) ?? call.Member("function_calls"u8)) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];
}
