using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>The first words of a request's system prompt, wherever its dialect keeps it. No text is decoded or kept.</summary>
internal sealed class SystemOpenings
{
    private readonly List<JsonElement> texts = [];

    public SystemOpenings(JsonElement? body)
    {
        if (body is not { ValueKind: JsonValueKind.Object } request)
        {
            return;
        }

        foreach (var member in request.EnumerateObject())
        {
            // As the name stands: to undo its escapes is to fail on half of a surrogate pair.
            var name = JsonMarshal.GetRawUtf8PropertyName(member);
            if (name.SequenceEqual("system"u8) || name.SequenceEqual("instructions"u8))
            {
                AddTexts(member.Value);
            }
            else if (name.SequenceEqual("systemInstruction"u8) || name.SequenceEqual("system_instruction"u8))
            {
                AddMember(member.Value, "parts"u8);
            }
            else if (name.SequenceEqual("messages"u8) || name.SequenceEqual("input"u8))
            {
                AddFirstSystemMessage(member.Value);
            }
        }
    }

    /// <summary>True when one of the openings contains these (ASCII) words.</summary>
    public bool Say(string words)
    {
        Span<byte> sought = stackalloc byte[words.Length];
        System.Text.Encoding.ASCII.GetBytes(words, sought);
        foreach (var text in texts)
        {
            var raw = JsonMarshal.GetRawUtf8Value(text);
            if (raw[..Math.Min(raw.Length, WireLimits.OpeningBytesMax)].IndexOf(sought) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private void AddFirstSystemMessage(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0 || messages[0].ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (WireEvidence.Text(messages[0], "role") is "system" or "developer")
        {
            AddMember(messages[0], "content"u8);
        }
    }

    private void AddMember(JsonElement holder, ReadOnlySpan<byte> name)
    {
        if (holder.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in holder.EnumerateObject())
        {
            if (JsonMarshal.GetRawUtf8PropertyName(member).SequenceEqual(name))
            {
                AddTexts(member.Value);
            }
        }
    }

    private void AddTexts(JsonElement value)
    {
        if (texts.Count == WireLimits.OpeningsMax)
        {
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                texts.Add(value);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    AddMember(item, "text"u8);
                }

                break;
        }
    }
}
