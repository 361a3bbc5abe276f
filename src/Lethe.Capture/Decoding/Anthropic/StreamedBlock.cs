using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

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

    private string? call;
    private bool startsWithInput;

    /// <summary>True once its beginning came: what begins at its index then is another block.</summary>
    public bool IsBegun => !start.IsEmpty;

    /// <summary>The id of the tool call that it is, whose input came; else null.</summary>
    public string? CallWithInput => startsWithInput || input is { Length: > 0 } ? call : null;

    /// <summary>The id of the tool call that it is, whose input did not come, or is nothing; else null.</summary>
    public string? CallWithoutInput => startsWithInput || input is { Length: > 0 } ? null : call;

    /// <summary>The block as <c>content_block_start</c> has it.</summary>
    public void Start(JsonElement block)
    {
        start.Merge(block);
        call = block.Is("type"u8, "tool_use"u8) ? block.Word("id"u8) : null;
        startsWithInput = block.ObjectMember("input"u8)?.GetPropertyCount() > 0;
    }

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
                // Null stands for a compaction that failed, and is sent back as null.
                if (delta.Text("content"u8) is { } summary)
                {
                    Append(ref content, summary);
                }

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
            if (!IsAddedTo(member.Name, block))
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }

        WriteText(writer, "text"u8, block, text);
        WriteText(writer, "thinking"u8, block, thinking);
        WriteText(writer, "content"u8, block, content);
        WriteSignature(writer);
        WriteInput(writer, block);
        WriteCitations(writer, block);
        writer.WriteEndObject();
    }

    // Such a member is written once, with what the deltas added. All others stay as they came.
    private bool IsAddedTo(string name, JsonElement begun) => name switch
    {
        "text" => text is not null,
        "thinking" => thinking is not null,
        "content" => content is not null,
        "signature" => signature is not null,
        "input" => input is { Length: > 0 } || (input is not null && begun.Member("input"u8) is null),
        "citations" => citations.Count > 0,
        _ => false,
    };

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement begun, StringBuilder? added)
    {
        if (added is not null)
        {
            writer.Text(name, new StringBuilder(begun.Text(name)).Append(added));
        }
    }

    private void WriteSignature(Utf8JsonWriter writer)
    {
        if (signature is not null)
        {
            writer.WriteString("signature"u8, signature);
        }
    }

    private void WriteInput(Utf8JsonWriter writer, JsonElement begun)
    {
        if (input is { Length: > 0 })
        {
            writer.WritePropertyName("input"u8);
            writer.WriteRawValue(ToolArguments.FromText(HalfCharacters.Join(input).ToString()), skipInputValidation: true);
        }
        else if (input is not null && begun.Member("input"u8) is null)
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
