using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>A part of a reply: words or thoughts that come in pieces, a function call whose arguments do, or anything else as it came.</summary>
internal sealed class ReplyPart
{
    public StringBuilder? Text { get; init; }

    public bool IsThought { get; init; }

    public string? Signature { get; set; }

    public byte[]? Raw { get; init; }

    public (string? Id, string? Name) Call { get; init; }

    public PartialArguments? Arguments { get; init; }

    public bool IsSilent => Text is { Length: 0 };

    public void WriteTo(Utf8JsonWriter writer)
    {
        if (Raw is not null)
        {
            writer.WriteRawValue(Raw, skipInputValidation: true);
            return;
        }

        writer.WriteStartObject();
        if (Text is not null)
        {
            writer.Text("text"u8, Text);
            WriteIf(writer, IsThought);
        }
        else
        {
            WriteCall(writer);
        }

        if (Signature is not null)
        {
            writer.WriteString("thoughtSignature"u8, Signature);
        }

        writer.WriteEndObject();
    }

    private static void WriteIf(Utf8JsonWriter writer, bool isThought)
    {
        if (isThought)
        {
            writer.WriteBoolean("thought"u8, true);
        }
    }

    private void WriteCall(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("functionCall"u8);
        if (Call.Id is not null)
        {
            writer.WriteString("id"u8, Call.Id);
        }

        writer.WriteString("name"u8, Call.Name);
        writer.WritePropertyName("args"u8);
        Arguments!.WriteTo(writer);
        writer.WriteEndObject();
    }
}
