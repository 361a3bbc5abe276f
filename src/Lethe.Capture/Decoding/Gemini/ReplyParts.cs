using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>The parts of a reply in their order, those of text put together as they come in pieces, and function calls whose arguments do.</summary>
internal sealed class ReplyParts
{
    private readonly List<ReplyPart> parts = [];
    private readonly Dictionary<string, int> calls = new(StringComparer.Ordinal);
    private string? role;
    private int pieces;

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

    /// <param name="isLast">True for what comes with the end of the answer.</param>
    public void Take(JsonElement content, bool isLast = false)
    {
        role ??= content.Text("role"u8);
        foreach (var part in content.Items("parts"u8))
        {
            if (part.Text("text"u8) is { } text)
            {
                if (isLast && IsSaidAgain(text, part.IsTrue("thought"u8)))
                {
                    continue;
                }

                pieces++;
                Add(text, part.IsTrue("thought"u8), part.Word("thoughtSignature"u8));
            }
            else if (!Continue(part))
            {
                Ask(part);
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
            parts.Add(last = new ReplyPart { Text = before = new StringBuilder(), IsThought = isThought });
        }

        before.Append(text);
        last.Signature = signature;
    }

    private bool IsSaidAgain(string text, bool isThought) =>
        parts is [{ Text: { } said } only] && only.IsThought == isThought && Texts.IsSaidAgain(said, pieces, text);

    /// <summary>A call's id names it: one that is told again with what it lacked, or word for word, is the same.</summary>
    private void Ask(JsonElement part)
    {
        var begun = Begin(part);
        if (GeminiContent.FunctionCall(part)?.Word("id"u8) is { } id && !calls.TryAdd(id, parts.Count) && parts[calls[id]].Raw is { } before && begun.Raw is { } again)
        {
            if (again.AsSpan().SequenceEqual(before))
            {
                return;
            }

            if (!HasArguments(before))
            {
                parts[calls[id]] = begun;
                return;
            }
        }

        parts.Add(begun);
    }

    private static bool HasArguments(byte[] part)
    {
        using var read = JsonReading.TryParseAssembled(part);
        return read is not null && GeminiContent.FunctionCall(read.RootElement)?.ObjectMember("args"u8) is { } given && given.GetPropertyCount() > 0;
    }

    /// <summary>True for the rest of a call that is told in pieces; the last piece says nothing.</summary>
    private bool Continue(JsonElement part)
    {
        if (parts is not [.., { Arguments: { IsOpen: true } arguments } begun] || GeminiContent.FunctionCall(part) is not { } call
            || (call.Word("name"u8) is not null && (begun.Call.Id is null || call.Word("id"u8) != begun.Call.Id)))
        {
            return false;
        }

        arguments.Take(call);
        return true;
    }

    private static ReplyPart Begin(JsonElement part)
    {
        var raw = JsonMarshal.GetRawUtf8Value(part).ToArray();
        if (GeminiContent.FunctionCall(part) is not { } call || !(call.IsTrue("willContinue"u8) || call.Member("partialArgs"u8) is not null))
        {
            return new ReplyPart { Raw = raw };
        }

        var begun = new ReplyPart { Call = (call.Word("id"u8), call.Word("name"u8)), Arguments = new PartialArguments(), Signature = part.Word("thoughtSignature"u8) };
        begun.Arguments.Take(call);
        return begun;
    }
}
