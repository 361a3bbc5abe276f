using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Lethe.Capture.Harnesses;

/// <summary>What <c>x-lethe-*</c> and <c>x-tapes-*</c> headers say of a session; ours win over theirs, and both over all else.</summary>
internal static class ExplicitHeaders
{
    private static readonly string[] Prefixes = ["x-lethe-", "x-tapes-"];

    private static readonly string[] Names =
    [
        "harness-id", "harness-session-id", "harness-version", "parent-harness-id", "parent-harness-session-id", "thread-id",
        "cwd", "session-name", "metadata", "harness-metadata",
    ];

    public static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        if (Find(wire, "harness-id") is { Value: not SessionEnvelope.UnknownHarness } harness)
        {
            draft.Harness(harness);
        }

        draft.HarnessVersion(Find(wire, "harness-version"));
        draft.Session(Find(wire, "harness-session-id"), SessionIdOrigin.Explicit);
        draft.Thread(Find(wire, "thread-id"));
        draft.Parent(Find(wire, "parent-harness-session-id"), Find(wire, "parent-harness-id"));
        draft.WorkingDirectory(Decoded(wire, "cwd", WireLimits.CwdCharsMax));
        draft.SessionName(Shortened(Decoded(wire, "session-name", WireLimits.CwdCharsMax)));
        if (TotalBytes(wire) <= WireLimits.ExplicitBytesMax)
        {
            draft.MetadataJson(Metadata(wire, "metadata") ?? Metadata(wire, "harness-metadata"));
        }
    }

    private static Clue? Find(WireEvidence wire, string name) => wire.Header(Prefixes[0] + name) ?? wire.Header(Prefixes[1] + name);

    /// <summary>Percent-decoded as a path is (RFC 3986: a plus is a plus); a malformed value stays as it came; control characters refuse it.</summary>
    private static Clue? Decoded(WireEvidence wire, string name, int charsMax)
    {
        foreach (var prefix in Prefixes)
        {
            // An escaped byte takes three characters.
            if (wire.Header(prefix + name, charsMax * 3) is not { } header)
            {
                continue;
            }

            var value = PercentDecoded(header.Value) ?? header.Value;
            return WireLimits.Allows(value, charsMax) ? header with { Value = value } : null;
        }

        return null;
    }

    private static string? PercentDecoded(string value)
    {
        if (!value.Contains('%'))
        {
            return value;
        }

        var bytes = Encoding.UTF8.GetBytes(value);
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            var letter = bytes[i];
            if (letter == '%')
            {
                if (i + 2 >= bytes.Length || !Utf8Parser.TryParse(bytes.AsSpan(i + 1, 2), out letter, out var read, 'x') || read != 2)
                {
                    return null;
                }

                i += 2;
            }

            bytes[length++] = letter;
        }

        return Utf8.IsValid(bytes.AsSpan(0, length)) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static Clue? Shortened(Clue? name)
    {
        if (name is not { } found)
        {
            return null;
        }

        var bytes = new byte[WireLimits.NameBytesMax];
        Utf8.FromUtf16(found.Value, bytes, out var read, out _);
        return read == found.Value.Length ? name : found with { Value = found.Value[..read] };
    }

    /// <summary>Base64url without padding of a JSON object; anything else is dropped.</summary>
    private static Clue? Metadata(WireEvidence wire, string name)
    {
        if (Find(wire, name, WireLimits.MetadataBytesMax * 2) is not { } header || header.Value.AsSpan().ContainsAny('=', '%'))
        {
            return null;
        }

        var json = new byte[WireLimits.MetadataBytesMax];
        if (Base64Url.DecodeFromChars(header.Value, json, out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json.AsMemory(0, length));
            return document.RootElement.ValueKind == JsonValueKind.Object && Utf8.IsValid(json.AsSpan(0, length))
                ? header with { Value = Encoding.UTF8.GetString(json, 0, length) }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Clue? Find(WireEvidence wire, string name, int charsMax) =>
        wire.Header(Prefixes[0] + name, charsMax) ?? wire.Header(Prefixes[1] + name, charsMax);

    private static int TotalBytes(WireEvidence wire) =>
        Names.Sum(name => Prefixes.Sum(prefix => wire.RawHeader(prefix + name) is { } value ? prefix.Length + name.Length + value.Length : 0));
}
