using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lethe.Capture.Chains;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Caching;

/// <summary>
/// Where a request asks for its beginning to be kept, and for how long: <c>tools.11:5m system.1:1h messages.78.0:5m</c>, each the place of the block behind
/// which a mark stands. Node hashes leave marks out, for they move from call to call.
/// </summary>
internal static class CacheMarks
{
    private const string DefaultTtl = "5m";
    private const int TtlCharsMax = 8;

    // No vendor takes more than four.
    private const int MarksMax = 16;

    /// <param name="known">What is known of the first messages.</param>
    public static string? Read(JsonElement request, IReadOnlyList<Message> prompt, IReadOnlyList<KnownMessage> known)
    {
        List<string> marks = [];
        Add(marks, request.Member("tools"u8), "tools");
        Add(marks, request.Member("system"u8), "system");
        for (var i = 0; i < prompt.Count && marks.Count < MarksMax; i++)
        {
            foreach (var mark in i < known.Count ? known[i].Marks : InMessage(prompt[i].Raw))
            {
                marks.Add($"messages.{i.ToString(CultureInfo.InvariantCulture)}.{mark}");
            }
        }

        if ((Ttl(request) ?? request.Word("prompt_cache_retention"u8)) is { } whole && IsTtl(whole))
        {
            marks.Add("request:" + whole);
        }

        return marks.Count == 0 ? null : string.Join(' ', marks.Take(MarksMax));
    }

    /// <summary>The marks inside one message: <c>BLOCK:TTL</c>.</summary>
    public static IReadOnlyList<string> InMessage(ReadOnlyMemory<byte> raw)
    {
        if (!MayMark(raw.Span))
        {
            return [];
        }

        using var message = JsonReading.TryParseAssembled(raw);
        return message is null ? [] : [.. Marked(message.RootElement.Items("content"u8)).Take(MarksMax)];
    }

    /// <summary>
    /// What of a request stands before its messages in a vendor's cache, beside tools and system prompt: how much is thought, and which tool is to be used.
    /// The first eight bytes of a hash; null when it says nothing of them.
    /// </summary>
    public static long? Parameters(JsonElement request)
    {
        using var hash = new Sha256Writer();
        var told = false;
        Hash(request, "thinking"u8);
        Hash(request, "tool_choice"u8);
        Hash(request, "reasoning"u8);
        Hash(request, "reasoning_effort"u8);
        var sum = hash.Finish();
        return told ? BinaryPrimitives.ReadInt64BigEndian(sum) : null;

        void Hash(JsonElement holder, ReadOnlySpan<byte> name)
        {
            if (holder.Member(name) is { } value)
            {
                told = true;
                hash.Write(name);
                hash.Write(JsonMarshal.GetRawUtf8Value(value));
            }
        }
    }

    private static void Add(List<string> marks, JsonElement? blocks, string scope)
    {
        if (blocks is { ValueKind: JsonValueKind.Array } list && MayMark(JsonMarshal.GetRawUtf8Value(list)))
        {
            marks.AddRange(Marked(list.EnumerateArray()).Take(MarksMax).Select(mark => $"{scope}.{mark}"));
        }
    }

    private static IEnumerable<string> Marked(IEnumerable<JsonElement> blocks) => blocks
        .Select((block, i) => (Ttl: Ttl(block), Place: i))
        .Where(block => block.Ttl is not null)
        .Select(block => $"{block.Place.ToString(CultureInfo.InvariantCulture)}:{block.Ttl}");

    private static bool MayMark(ReadOnlySpan<byte> json) => json.IndexOf("\"cache_control\""u8) >= 0 || json.IndexOf("\"cachePoint\""u8) >= 0;

    private static string? Ttl(JsonElement block) => (block.ObjectMember("cache_control"u8) ?? block.ObjectMember("cachePoint"u8)) is { } mark
        ? mark.Word("ttl"u8) is { } ttl && IsTtl(ttl) ? ttl : DefaultTtl
        : null;

    private static bool IsTtl(string word) => word.Length is > 0 and <= TtlCharsMax && word.All(char.IsAsciiLetterOrDigit);
}
