using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>
/// Contents and their parts, the same in requests and replies. Texts that follow one another are one block: a stream cuts them anywhere. Thoughts are no block: clients
/// that send them back are few. Members may be written with underscores, as protocol buffers allow.
/// </summary>
internal static class GeminiContent
{
    public static Message ReadMessage(JsonElement content, ReadOnlyMemory<byte> raw) => new(RoleOf(content.Text("role"u8)), raw, ReadBlocks);

    /// <summary>The other dialects' word for who speaks.</summary>
    public static string RoleOf(string? role) => role == "model" ? "assistant" : role ?? "user";

    public static JsonElement? FunctionCall(JsonElement part) => part.ObjectMember("functionCall"u8) ?? part.ObjectMember("function_call"u8);

    /// <summary>The answer whose one message was put together here.</summary>
    public static Answer ReadReply(byte[] raw)
    {
        raw = HalfCharacters.Unmark(raw);
        using var document = JsonReading.TryParseAssembled(raw);
        if (document is null)
        {
            return Answer.None;
        }

        var message = ReadMessage(document.RootElement, raw);
        List<ToolCall> asked = [];
        ToolCallReading.Collect(message, asked);
        return new Answer
        {
            Messages = [message],
            Text = Texts.Join([.. message.Blocks.Where(block => block is { Type: "text", Text: not null }).Select(block => block.Text!)]),
            ToolCalls = asked,
        };
    }

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        List<Block> blocks = [];
        if (document is null)
        {
            return blocks;
        }

        List<string> texts = [];
        foreach (var part in Parts(document.RootElement))
        {
            if (part.Text("text"u8) is { } text)
            {
                texts.Add(part.IsTrue("thought"u8) ? "" : text);
                continue;
            }

            AddText(blocks, texts);
            blocks.Add(ReadPart(part));
        }

        AddText(blocks, texts);
        return blocks;
    }

    // A list, or the one part alone.
    private static List<JsonElement> Parts(JsonElement content) => content.ObjectMember("parts"u8) is { } only ? [only] : [.. content.Items("parts"u8)];

    private static void AddText(List<Block> blocks, List<string> texts)
    {
        var text = string.Concat(texts);
        texts.Clear();
        if (text.Length > 0)
        {
            blocks.Add(new Block { Type = "text", Text = text });
        }
    }

    private static Block ReadPart(JsonElement part)
    {
        if (FunctionCall(part) is { } call)
        {
            return new Block
            {
                Type = "tool_use",
                ToolUseId = call.Word("id"u8),
                ToolName = call.Text("name"u8),
                ToolInputJson = ToolArguments.FromValue(call.Member("args"u8)),
            };
        }

        if ((part.ObjectMember("functionResponse"u8) ?? part.ObjectMember("function_response"u8)) is { } result)
        {
            return ReadResult(result);
        }

        if ((part.ObjectMember("inlineData"u8) ?? part.ObjectMember("inline_data"u8)) is { } data
            && (data.Text("mimeType"u8) ?? data.Text("mime_type"u8)) is { } type && type.StartsWith("image/", StringComparison.Ordinal))
        {
            return new Block { Type = "image", ImageBase64 = data.Text("data"u8), MediaType = type };
        }

        return new Block { Type = Kind(part), ContentJson = ContentJson.WriteBlock(part) };
    }

    // Before the third generation calls had no ids: a result is told by its tool's name.
    private static Block ReadResult(JsonElement result)
    {
        var response = result.Member("response"u8);
        var error = response?.Member("error"u8);
        var output = response?.Member("output"u8) ?? response?.Member("result"u8);
        var said = error ?? output ?? response;
        return new Block
        {
            Type = "tool_result",
            ToolResultId = result.Word("id"u8) ?? result.Text("name"u8),
            ToolOutput = said.Text() ?? said?.GetRawText(),
            IsError = error is not null && output is null,
        };
    }

    private static string Kind(JsonElement part)
    {
        foreach (var member in part.ValueKind == JsonValueKind.Object ? part.EnumerateObject() : default)
        {
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                return member.Name;
            }
        }

        return "unknown";
    }
}
