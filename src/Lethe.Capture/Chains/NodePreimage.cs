using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Chains;

/// <summary>The bytes that a node's address is taken over: canonical JSON of its parent and its projected message.</summary>
internal static class NodePreimage
{
    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = CanonicalJson.DepthMax };

    private static ReadOnlySpan<byte> Opening => "{\"content\":{\"content\":["u8;

    private static ReadOnlySpan<byte> FirstBlock => "{"u8;

    private static ReadOnlySpan<byte> NextBlock => ",{"u8;

    private static ReadOnlySpan<byte> Role => "],\"role\":"u8;

    private static ReadOnlySpan<byte> TypeAndParent => ",\"type\":\"message\"},\"parent\":"u8;

    /// <summary>
    /// <c>{"content":{"content":[blocks],"role":…,"type":"message"},"parent":hex or ""}</c>. Members that are empty are left out, but
    /// <c>is_error</c> is always there. False when a part has no canonical form; what was written is then to be thrown away.
    /// </summary>
    public static bool TryWrite(Message message, NodeHash? parent, Projection projection, IBufferWriter<byte> output)
    {
        output.Write(Opening);
        var first = true;
        foreach (var block in message.Blocks)
        {
            var text = block.Text is { Length: > 0 } ? projection.Project(block.Text) : null;
            if (text is "")
            {
                continue;
            }

            output.Write(first ? FirstBlock : NextBlock);
            first = false;
            if (!TryWriteBlock(block, text, projection, output))
            {
                return false;
            }
        }

        output.Write(Role);
        if (!CanonicalText.TryWrite(message.Role, output))
        {
            return false;
        }

        output.Write(TypeAndParent);
        return CanonicalText.TryWrite(parent?.ToString(), output) && Close(output);
    }

    /// <summary>The fallback for a message without a canonical form: tag, parent and the raw bytes, each led by its length (32 bits, big-endian).</summary>
    public static void WriteRaw(Message message, NodeHash? parent, IBufferWriter<byte> output)
    {
        WriteFramed("lethe.node.raw.v1"u8, output);
        WriteFramed(parent is { } hash ? hash.Span : default, output);
        WriteFramed(message.Raw.Span, output);
    }

    private static bool TryWriteBlock(Block block, string? text, Projection projection, IBufferWriter<byte> output)
    {
        var toolOutput = projection.ProjectsToolOutput && block.ToolOutput is not null ? projection.Project(block.ToolOutput) : block.ToolOutput;
        return TryWriteJson("\"content\":"u8, block.ContentJson, CanonicalJson.Members.WithoutCacheControl, output)
            && TryWriteText("\"image_base64\":"u8, block.ImageBase64, output)
            && TryWriteText("\"image_url\":"u8, block.ImageUrl, output)
            && Write(block.IsError ? "\"is_error\":true,"u8 : "\"is_error\":false,"u8, output)
            && TryWriteText("\"media_type\":"u8, block.MediaType, output)
            && TryWriteText("\"text\":"u8, text, output)
            && TryWriteText("\"thinking\":"u8, block.Thinking, output)
            && TryWriteJson("\"tool_input\":"u8, block.ToolInputJson, CanonicalJson.Members.NonZero, output)
            && TryWriteText("\"tool_name\":"u8, block.ToolName, output)
            && TryWriteText("\"tool_output\":"u8, toolOutput, output)
            && TryWriteText("\"tool_result_id\":"u8, block.ToolResultId, output)
            && TryWriteText("\"tool_use_id\":"u8, block.ToolUseId, output)
            && Write("\"type\":"u8, output)
            && CanonicalText.TryWrite(block.Type, output)
            && Close(output);
    }

    private static bool TryWriteText(ReadOnlySpan<byte> key, string? value, IBufferWriter<byte> output) =>
        string.IsNullOrEmpty(value)
        || (Write(key, output) && CanonicalText.TryWrite(value, output) && Write(","u8, output));

    private static bool TryWriteJson(ReadOnlySpan<byte> key, string? json, CanonicalJson.Members members, IBufferWriter<byte> output)
    {
        if (string.IsNullOrEmpty(json))
        {
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(json, ParseOptions);
            return CanonicalJson.IsZero(document.RootElement)
                || (Write(key, output) && CanonicalJson.TryWrite(document.RootElement, members, output) && Write(","u8, output));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool Close(IBufferWriter<byte> output) => Write("}"u8, output);

    private static bool Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        output.Write(bytes);
        return true;
    }

    private static void WriteFramed(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(sizeof(int)), bytes.Length);
        output.Advance(sizeof(int));
        output.Write(bytes);
    }
}
