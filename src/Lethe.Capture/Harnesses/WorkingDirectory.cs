using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>The directory that a harness tells its model it works in, where no header tells it. Only a harness's own texts are read, never a user's.</summary>
internal static class WorkingDirectory
{
    private const int MessagesMax = Decoding.RequestReading.FirstMessages;
    private const int Utf8BytesPerCharMax = 6;

    /// <summary>Null when no text says it in a known way.</summary>
    public static Clue? Of(WireEvidence wire)
    {
        foreach (var field in (ReadOnlySpan<string>)["system", "instructions"])
        {
            if (wire.BodyValue(field) is { } system && OfTexts(system, isTold: true) is { } directory)
            {
                return new Clue(directory, "inference:system_prompt");
            }
        }

        foreach (var field in (ReadOnlySpan<string>)["messages", "input"])
        {
            if (wire.BodyValue(field) is { ValueKind: JsonValueKind.Array } messages && OfMessages(messages) is { } directory)
            {
                return new Clue(directory, "inference:" + field);
            }
        }

        return null;
    }

    private static string? OfMessages(JsonElement messages)
    {
        var count = Math.Min(messages.GetArrayLength(), MessagesMax);
        for (var i = 0; i < count; i++)
        {
            var isTold = WireEvidence.Text(messages[i], "role") is "system" or "developer";
            if (WireEvidence.Member(messages[i], "content") is { } content && OfTexts(content, isTold) is { } directory)
            {
                return directory;
            }
        }

        return null;
    }

    private static string? OfTexts(JsonElement content, bool isTold)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                return OfText(JsonMarshal.GetRawUtf8Value(content)[1..^1], isTold);
            case JsonValueKind.Array:
                foreach (var block in content.EnumerateArray())
                {
                    if (WireEvidence.Member(block, "text") is { ValueKind: JsonValueKind.String } text && OfTexts(text, isTold) is { } directory)
                    {
                        return directory;
                    }
                }

                break;
        }

        return null;
    }

    /// <param name="text">A JSON string without its quotes.</param>
    /// <param name="isTold">True for a system text; a user's text counts only when it is the frame that a harness puts in a user's mouth.</param>
    private static string? OfText(ReadOnlySpan<byte> text, bool isTold)
    {
        if (text.StartsWith("<environment_context>"u8))
        {
            return Between(text, "<cwd>"u8, "</cwd>"u8);
        }

        return isTold ? Between(text, "orking directory: "u8, "\\n"u8) : null;
    }

    private static string? Between(ReadOnlySpan<byte> text, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var start = text.IndexOf(before);
        if (start < 0)
        {
            return null;
        }

        var rest = text[(start + before.Length)..];
        var end = rest.IndexOf(after);
        if (end is < 1 or > WireLimits.CwdCharsMax * Utf8BytesPerCharMax)
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader([(byte)'"', .. rest[..end], (byte)'"']);
            return reader.Read() && reader.GetString() is { } directory && WireLimits.Allows(directory, WireLimits.CwdCharsMax) ? directory.Trim() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The cut fell into an escape, or the path holds half of a surrogate pair.
            return null;
        }
    }
}
