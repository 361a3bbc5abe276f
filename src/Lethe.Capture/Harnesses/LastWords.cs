using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>How the texts of a request's last message begin, where that is its user's. No text is decoded or kept.</summary>
internal sealed class LastWords
{
    private readonly List<JsonElement> texts = [];

    public LastWords(WireEvidence wire)
    {
        foreach (var list in (ReadOnlySpan<string>)["messages", "input", "contents", "request.contents"])
        {
            if (wire.BodyValue(list) is { ValueKind: JsonValueKind.Array } messages && messages.GetArrayLength() is > 0 and var count
                && WireEvidence.Text(messages[count - 1], "role") is null or "user")
            {
                Add(WireEvidence.Member(messages[count - 1], "content") ?? WireEvidence.Member(messages[count - 1], "parts"));
            }
        }
    }

    /// <summary>True when one of the texts begins with these (ASCII) words.</summary>
    public bool Begin(string words)
    {
        if (texts.Count == 0)
        {
            return false;
        }

        Span<byte> sought = stackalloc byte[words.Length + 1];
        sought[0] = (byte)'"';
        Encoding.ASCII.GetBytes(words, sought[1..]);
        foreach (var text in texts)
        {
            if (JsonMarshal.GetRawUtf8Value(text).StartsWith(sought))
            {
                return true;
            }
        }

        return false;
    }

    private void Add(JsonElement? content)
    {
        if (content is { ValueKind: JsonValueKind.String } text)
        {
            texts.Add(text);
        }
        else if (content is { ValueKind: JsonValueKind.Array } blocks)
        {
            // What an agent asks for beside the conversation stands behind what is said in it.
            foreach (var block in blocks.EnumerateArray().Skip(Math.Max(0, blocks.GetArrayLength() - WireLimits.OpeningsMax)))
            {
                if (WireEvidence.Member(block, "text") is { ValueKind: JsonValueKind.String } words)
                {
                    texts.Add(words);
                }
            }
        }
    }
}
