using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>
/// Messages of the Chat Completions API, the same in requests and replies. Reasoning is not a block: clients do not send it back.
/// </summary>
internal static class ChatContent
{
    /// <summary>Names that vendors give to thoughts beside the content; Copilot's are the last two.</summary>
    private static readonly byte[][] ReasoningMembers = ["reasoning_content"u8.ToArray(), "reasoning"u8.ToArray(), "reasoning_text"u8.ToArray(), "cot_summary"u8.ToArray()];

    public static Message ReadMessage(JsonElement message, ReadOnlyMemory<byte> raw) =>
        new(message.Text("role"u8) ?? "user", raw, ReadBlocks);

    private static List<Block> ReadBlocks(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonReading.TryParseAssembled(raw);
        return document?.RootElement switch
        {
            null => [],
            { } message when message.Text("role"u8) is "tool" or "function" => [ReadResult(message, message.Text("role"u8)!)],
            { } message => ReadBlocks(message),
        };
    }

    /// <summary>The text of a content that is a string or a list of parts; null when it has none.</summary>
    public static string? Text(JsonElement? content)
    {
        if (content is { ValueKind: JsonValueKind.Object } document)
        {
            // Cloudflare answers a schema with the object itself.
            return document.GetRawText();
        }

        if (content is not { ValueKind: JsonValueKind.Array } parts)
        {
            return content.Text();
        }

        StringBuilder? text = null;
        foreach (var part in parts.EnumerateArray())
        {
            if (part.Is("type"u8, "text"u8) && part.Text("text"u8) is { } piece)
            {
                (text ??= new StringBuilder()).Append(piece);
            }
        }

        return text?.ToString();
    }

    /// <summary>
    /// The reasoning beside a message or a delta: <c>reasoning_content</c>, <c>reasoning</c> or another name, or <c>reasoning_details</c> (the same
    /// text again where both are there), or thinking parts inside the content.
    /// </summary>
    public static string? Reasoning(JsonElement message)
    {
        string? told = null;
        foreach (var name in ReasoningMembers)
        {
            told = message.Text(name) ?? told;
            if (!string.IsNullOrEmpty(told))
            {
                return told;
            }
        }

        StringBuilder? text = null;
        foreach (var detail in message.Items("reasoning_details"u8))
        {
            Append(ref text, detail.Text("text"u8) ?? detail.Text("summary"u8));
        }

        foreach (var part in message.Items("content"u8))
        {
            foreach (var thought in part.Items("thinking"u8))
            {
                Append(ref text, thought.Text("text"u8));
            }
        }

        return text?.ToString() ?? told;
    }

    private static void Append(ref StringBuilder? text, string? piece)
    {
        if (piece is not null)
        {
            (text ??= new StringBuilder()).Append(piece);
        }
    }

    private static Block ReadResult(JsonElement message, string role) => new()
    {
        Type = "tool_result",
        ToolResultId = message.Text(role == "tool" ? "tool_call_id"u8 : "name"u8),
        ToolOutput = Texts.Flatten(message.Member("content"u8)),
    };

    private static List<Block> ReadBlocks(JsonElement message)
    {
        List<Block> blocks = [];
        if (message.Member("content"u8) is { ValueKind: JsonValueKind.Array } parts)
        {
            foreach (var part in parts.EnumerateArray())
            {
                if (!part.Is("type"u8, "thinking"u8) && !(part.Is("type"u8, "text"u8) && part.Is("text"u8, ""u8)))
                {
                    blocks.Add(ReadPart(part));
                }
            }
        }
        else if (Text(message.Member("content"u8)) is { Length: > 0 } text)
        {
            blocks.Add(new Block { Type = "text", Text = text });
        }

        if (message.ObjectMember("audio"u8)?.Word("id"u8) is { } spoken)
        {
            // A client sends back the id alone.
            blocks.Add(new Block { Type = "audio", ContentJson = Encoding.UTF8.GetString(RawMessage.Write("id", spoken)) });
        }

        if (message.Text("refusal"u8) is { Length: > 0 } refusal)
        {
            blocks.Add(new Block { Type = "refusal", Text = refusal });
        }

        foreach (var call in ChatToolCalls.Read(message))
        {
            blocks.Add(new Block { Type = "tool_use", ToolUseId = call.Id, ToolName = call.Name, ToolInputJson = call.ArgumentsJson });
        }

        return blocks;
    }

    private static Block ReadPart(JsonElement part)
    {
        var type = part.Text("type"u8) ?? "unknown";
        return type switch
        {
            "text" => new Block { Type = type, Text = part.Text("text"u8) },
            "refusal" => new Block { Type = type, Text = part.Text("refusal"u8) },
            "image_url" => ImageUrls.Read(part.Text("image_url"u8) ?? part.ObjectMember("image_url"u8).Text("url"u8)),
            _ => new Block { Type = type, ContentJson = ContentJson.WriteBlock(part) },
        };
    }
}
