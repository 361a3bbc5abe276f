using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>One content block of a stream: its start, and what the deltas added.</summary>
internal sealed class StreamedBlock
{
    private readonly MergedObject start = new();
    private readonly List<byte[]> citations = [];
    private StringBuilder? text;
    private StringBuilder? thinking;
    private StringBuilder? input;
    private StringBuilder? content;
    private string? signature;

    /// <summary>The block as <c>content_block_start</c> has it.</summary>
    public void Start(JsonElement block) => start.Merge(block);

    public void Add(JsonElement delta)
    {
        switch (delta.Text("type"u8))
        {
            case "text_delta":
                Append(ref text, delta.Text("text"u8));
                break;
            case "input_json_delta":
                Append(ref input, delta.Text("partial_json"u8));
                break;
            case "thinking_delta":
                Append(ref thinking, delta.Text("thinking"u8));
                break;
            case "signature_delta":
                signature = delta.Text("signature"u8) ?? signature;
                break;
            case "compaction_delta":
                Append(ref content, delta.Text("content"u8));
                break;
            case "citations_delta" when delta.Member("citation"u8) is { } citation:
                citations.Add(JsonMarshal.GetRawUtf8Value(citation).ToArray());
                break;
        }
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        using var begun = JsonReading.TryParseAssembled(start.ToJson());
        var block = begun?.RootElement ?? default;
        writer.WriteStartObject();
        if (block.Text("type"u8) is null)
        {
            // A gateway that leaves out the start still tells the kind by its deltas.
            writer.WriteString("type"u8, thinking is not null ? "thinking" : input is not null ? "tool_use" : "text");
        }

        foreach (var member in block.ValueKind == JsonValueKind.Object ? block.EnumerateObject() : default)
        {
            if (!IsWrittenBelow(member.Name))
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }

        WriteText(writer, "text"u8, block, text);
        WriteText(writer, "thinking"u8, block, thinking);
        WriteText(writer, "content"u8, block, content);
        WriteSignature(writer, block);
        WriteInput(writer, block);
        WriteCitations(writer, block);
        writer.WriteEndObject();
    }

    private bool IsWrittenBelow(string name) => name switch
    {
        "text" or "thinking" or "signature" or "input" or "citations" => true,
        "content" => content is not null,
        _ => false,
    };

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement begun, StringBuilder? added)
    {
        var before = name.SequenceEqual("content"u8) && added is null ? null : begun.Text(name);
        if (added is not null || before is not null)
        {
            writer.Text(name, new StringBuilder(before).Append(added));
        }
    }

    private void WriteSignature(Utf8JsonWriter writer, JsonElement begun)
    {
        if ((signature ?? begun.Text("signature"u8)) is { } value)
        {
            writer.WriteString("signature"u8, value);
        }
    }

    private void WriteInput(Utf8JsonWriter writer, JsonElement begun)
    {
        if (input is { Length: > 0 })
        {
            writer.WritePropertyName("input"u8);
            writer.WriteRawValue(ToolArguments.FromText(input.ToString()), skipInputValidation: true);
        }
        else if (begun.Member("input"u8) is { } given)
        {
            writer.WritePropertyName("input"u8);
            writer.Raw(given);
        }
        else if (input is not null)
        {
            writer.WriteStartObject("input"u8);
            writer.WriteEndObject();
        }
    }

    private void WriteCitations(Utf8JsonWriter writer, JsonElement begun)
    {
        if (citations.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("citations"u8);
        foreach (var given in begun.Items("citations"u8))
        {
            writer.Raw(given);
        }

        foreach (var citation in citations)
        {
            writer.WriteRawValue(citation, skipInputValidation: true);
        }

        writer.WriteEndArray();
    }

    private static void Append(ref StringBuilder? builder, string? piece) => (builder ??= new StringBuilder()).Append(piece);
}
