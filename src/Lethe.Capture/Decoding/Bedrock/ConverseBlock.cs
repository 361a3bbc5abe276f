using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>One content block of a stream. Its kind is told by its start, or by its first delta: texts and thoughts have no start.</summary>
internal sealed class ConverseBlock
{
    private readonly List<byte[]> citations = [];
    private StringBuilder? text;
    private StringBuilder? thought;
    private StringBuilder? input;
    private string? signature;
    private string? redacted;
    private string? toolUseId;
    private string? toolName;
    private byte[]? other;

    /// <summary>True once its start came: what starts at its index then is another block.</summary>
    public bool IsBegun { get; private set; }

    /// <summary>The id of a tool call that has its input; null for anything else.</summary>
    public string? CallWithInput => input is { Length: > 0 } ? toolUseId : null;

    /// <summary>The id of a tool call that has none.</summary>
    public string? CallWithoutInput => input is { Length: 0 } ? toolUseId : null;

    /// <summary>The <c>start</c> of a block: <c>{"toolUse":{"toolUseId","name"}}</c>, or a kind that has no fields here.</summary>
    public void Start(JsonElement start)
    {
        IsBegun = true;
        if (start.ObjectMember("toolUse"u8) is { } use)
        {
            (toolUseId, toolName) = (use.Text("toolUseId"u8), use.Text("name"u8));
            input ??= new StringBuilder();
        }
        else if (start.ValueKind == JsonValueKind.Object && start.GetPropertyCount() > 0)
        {
            other = JsonMarshal.GetRawUtf8Value(start).ToArray();
        }
    }

    public void Add(JsonElement delta)
    {
        Append(ref text, delta.Text("text"u8));
        Append(ref input, delta.ObjectMember("toolUse"u8)?.Text("input"u8));
        if (delta.ObjectMember("reasoningContent"u8) is { } reasoning)
        {
            Append(ref thought, reasoning.Text("text"u8));
            signature = reasoning.Text("signature"u8) ?? signature;
            redacted = reasoning.Text("redactedContent"u8) ?? redacted;
        }

        if (delta.ObjectMember("citation"u8) is { } citation)
        {
            citations.Add(JsonMarshal.GetRawUtf8Value(citation).ToArray());
        }
    }

    /// <summary>The block as a whole reply has it.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (input is not null)
        {
            WriteUse(writer);
        }
        else if (thought is not null || signature is not null || redacted is not null)
        {
            WriteReasoning(writer);
        }
        else if (citations.Count > 0)
        {
            WriteCited(writer);
        }
        else if (text is not null)
        {
            writer.Text("text"u8, text);
        }
        else if (other is not null)
        {
            using var document = JsonReading.TryParseAssembled(other);
            foreach (var member in document!.RootElement.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }

        writer.WriteEndObject();
    }

    private void WriteUse(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("toolUse"u8);
        writer.WriteString("toolUseId"u8, toolUseId);
        writer.WriteString("name"u8, toolName);
        writer.WritePropertyName("input"u8);
        writer.WriteRawValue(input!.Length == 0 ? "{}" : ToolArguments.FromText(HalfCharacters.Join(input).ToString()), skipInputValidation: true);
        writer.WriteEndObject();
    }

    private void WriteReasoning(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("reasoningContent"u8);
        if (thought is null && signature is null)
        {
            writer.WriteString("redactedContent"u8, redacted);
        }
        else
        {
            writer.WriteStartObject("reasoningText"u8);
            writer.Text("text"u8, thought ?? new StringBuilder());
            if (signature is not null)
            {
                writer.WriteString("signature"u8, signature);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private void WriteCited(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("citationsContent"u8);
        writer.WriteStartArray("content"u8);
        writer.WriteStartObject();
        writer.Text("text"u8, text ?? new StringBuilder());
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteStartArray("citations"u8);
        foreach (var citation in citations)
        {
            writer.WriteRawValue(citation, skipInputValidation: true);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Append(ref StringBuilder? builder, string? piece)
    {
        if (piece is not null)
        {
            (builder ??= new StringBuilder()).Append(piece);
        }
    }
}
