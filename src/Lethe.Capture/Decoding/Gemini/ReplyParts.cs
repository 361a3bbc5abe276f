using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>The parts of a reply in their order, those of text put together as they come in pieces, and function calls whose arguments do.</summary>
internal sealed class ReplyParts
{
    private readonly List<Part> parts = [];
    private string? role;

    /// <summary>True while nothing was said: no words, no calls.</summary>
    public bool IsEmpty => parts.TrueForAll(part => part.IsSilent);

    /// <summary>True once there was any part, if without words.</summary>
    public bool HasSpoken => role is not null || parts.Count > 0;

    /// <summary>What was thought aloud; null for nothing.</summary>
    public string? Thoughts
    {
        get
        {
            var thoughts = new StringBuilder();
            parts.Where(part => part.IsThought).ToList().ForEach(part => thoughts.Append(part.Text));
            return thoughts.Length == 0 ? null : HalfCharacters.Join(thoughts).ToString();
        }
    }

    public void Take(JsonElement content)
    {
        role ??= content.Text("role"u8);
        foreach (var part in content.Items("parts"u8))
        {
            if (part.Text("text"u8) is { } text)
            {
                Add(text, part.IsTrue("thought"u8), part.Word("thoughtSignature"u8));
            }
            else if (!Continue(part))
            {
                parts.Add(Begin(part));
            }
        }
    }

    /// <summary>Words that were spoken, told beside the parts.</summary>
    public void Say(string text) => Add(text, isThought: false, signature: null);

    public byte[] WriteMessage() => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, role ?? "model");
        writer.WriteStartArray("parts"u8);
        parts.ForEach(part => part.WriteTo(writer));
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private void Add(string text, bool isThought, string? signature)
    {
        if (parts is not [.., { Text: { } before } last] || last.IsThought != isThought || last.Signature is not null)
        {
            parts.Add(last = new Part { Text = before = new StringBuilder(), IsThought = isThought });
        }

        before.Append(text);
        last.Signature = signature;
    }

    /// <summary>True for the rest of a call that is told in pieces; the last piece says nothing.</summary>
    private bool Continue(JsonElement part)
    {
        if (parts is not [.., { Arguments: { IsOpen: true } arguments }] || GeminiContent.FunctionCall(part) is not { } call || call.Word("name"u8) is not null)
        {
            return false;
        }

        arguments.Take(call);
        return true;
    }

    private static Part Begin(JsonElement part)
    {
        var raw = JsonMarshal.GetRawUtf8Value(part).ToArray();
        if (GeminiContent.FunctionCall(part) is not { } call || !(call.IsTrue("willContinue"u8) || call.Member("partialArgs"u8) is not null))
        {
            return new Part { Raw = raw };
        }

        var begun = new Part { Call = (call.Word("id"u8), call.Word("name"u8)), Arguments = new PartialArguments(), Signature = part.Word("thoughtSignature"u8) };
        begun.Arguments.Take(call);
        return begun;
    }

    private sealed class Part
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
}
