using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>One step of a stream: how it began, and what its deltas have told since.</summary>
internal sealed class StreamedStep
{
    private readonly byte[]? begun;
    private readonly string? type;
    private readonly List<Piece> pieces = [];
    private readonly StringBuilder arguments = new();
    private readonly StringBuilder summary = new();
    private readonly MergedObject told = new();
    private readonly bool beginsWithContent;
    private readonly bool beginsWithArguments;
    private readonly string? callId;
    private string? signature;
    private string? toldType;

    public StreamedStep(JsonElement? step)
    {
        begun = step is { } first ? JsonMarshal.GetRawUtf8Value(first).ToArray() : null;
        type = step.Text("type"u8);
        beginsWithContent = step.Member("content"u8) is not null;
        callId = type == "function_call" ? step?.Word("id"u8) : null;
        beginsWithArguments = step.Member("arguments"u8) is { ValueKind: JsonValueKind.Object } given && given.GetPropertyCount() > 0;
        if (InteractionSteps.IsContent(type))
        {
            (begun, type) = (null, "model_output");
            Add(step!.Value);
        }
    }

    /// <summary>The id of a call that has its arguments; null for anything else.</summary>
    public string? CallWithArguments => HasArguments ? callId : null;

    /// <summary>The id of a call that has none.</summary>
    public string? CallWithoutArguments => HasArguments ? null : callId;

    /// <summary>True while nothing is known of it but its kind, where that is output without words.</summary>
    public bool IsSilent =>
        (type ?? toldType) is null or "model_output" && !beginsWithContent && !pieces.Exists(piece => piece.Raw is not null || piece.Text.Length > 0);

    private bool HasArguments => beginsWithArguments || arguments.Length > 0;

    public void Add(JsonElement delta)
    {
        switch (delta.Text("type"u8))
        {
            case "text":
                Last().Text.Append(delta.Text("text"u8));
                break;
            case "arguments_delta":
                arguments.Append(delta.Text("arguments"u8) ?? delta.Text("partial_arguments"u8));
                toldType ??= "function_call";
                break;
            case "thought_signature":
                signature = delta.Text("signature"u8);
                toldType ??= "thought";
                break;
            case "thought_summary":
                summary.Append((delta.ObjectMember("content"u8) ?? delta).Text("text"u8));
                toldType ??= "thought";
                break;
            case "image" or "audio" or "document" or "video":
                pieces.Add(new Piece { Raw = JsonMarshal.GetRawUtf8Value(delta).ToArray() });
                break;
            case var other:
                told.Merge(delta);
                toldType ??= other;
                break;
        }
    }

    public byte[] ToJson() => RawMessage.Write(writer =>
    {
        using var first = begun is null ? null : JsonReading.TryParse(begun);
        using var rest = told.IsEmpty ? null : JsonReading.TryParse(told.ToJson());
        writer.WriteStartObject();
        writer.WriteString("type"u8, type ?? toldType ?? "model_output");
        HashSet<string> written = ["type"];
        WriteTold(writer, written);
        Copy(writer, rest?.RootElement, written);
        Copy(writer, first?.RootElement, written);
        writer.WriteEndObject();
    });

    private void WriteTold(Utf8JsonWriter writer, HashSet<string> written)
    {
        if (signature is not null && written.Add("signature"))
        {
            writer.WriteString("signature"u8, signature);
        }

        if (arguments.Length > 0 && written.Add("arguments"))
        {
            writer.Text("arguments"u8, arguments);
        }

        if (summary.Length > 0 && written.Add("summary"))
        {
            writer.WriteStartArray("summary"u8);
            WriteText(writer, summary);
            writer.WriteEndArray();
        }

        if (pieces.Count > 0 && written.Add("content"))
        {
            writer.WriteStartArray("content"u8);
            pieces.ForEach(piece => Write(writer, piece));
            writer.WriteEndArray();
        }
    }

    private static void Write(Utf8JsonWriter writer, Piece piece)
    {
        if (piece.Raw is null)
        {
            WriteText(writer, piece.Text);
        }
        else
        {
            writer.WriteRawValue(piece.Raw, skipInputValidation: true);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, StringBuilder text)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "text"u8);
        writer.Text("text"u8, text);
        writer.WriteEndObject();
    }

    // What was told last of a member is what counts.
    private static void Copy(Utf8JsonWriter writer, JsonElement? from, HashSet<string> written)
    {
        foreach (var member in from is { ValueKind: JsonValueKind.Object } given ? given.EnumerateObject() : default)
        {
            if (written.Add(member.Name))
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }
        }
    }

    private Piece Last()
    {
        if (pieces is not [.., { Raw: null } last])
        {
            pieces.Add(last = new Piece());
        }

        return last;
    }

    private sealed class Piece
    {
        public StringBuilder Text { get; } = new();

        public byte[]? Raw { get; init; }
    }
}
