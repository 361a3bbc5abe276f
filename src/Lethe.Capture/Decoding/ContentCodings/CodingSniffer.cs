using System.Text.Unicode;
using Lethe.Capture.Decoding.Framing;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>Tells a coding from a body's first bytes, for bodies whose label was lost on the way.</summary>
internal static class CodingSniffer
{
    private const int TextBytes = 64;
    private const int CharacterBytesMax = 4;

    private static ReadOnlySpan<byte> GzipMark => [0x1f, 0x8b, 0x08];

    private static ReadOnlySpan<byte> ZstdMark => [0x28, 0xb5, 0x2f, 0xfd];

    /// <summary>Null when the body begins like no coding. <c>br</c> has no mark: it is what is no text and nothing else.</summary>
    public static string? Find(ReadOnlySpan<byte> body) =>
        body.StartsWith(GzipMark) ? "gzip"
        : body.StartsWith(ZstdMark) ? "zstd"
        : body.IsEmpty || BeginsAsText(body) ? null
        : Inflate.HasZlibHeader(body) ? "deflate"
        : "br";

    /// <summary>True for codings whose mark is sure. What was taken for another one must be text in the end, and whole.</summary>
    public static bool IsMarked(string coding) => coding is "gzip" or "zstd";

    /// <summary>True for what is plainly JSON or a stream of events, and under no coding.</summary>
    public static bool IsText(ReadOnlySpan<byte> body) => BodySniffer.Sniff(body) is BodyShape.Json or BodyShape.Events && BeginsAsText(body);

    private static bool BeginsAsText(ReadOnlySpan<byte> body)
    {
        var beginning = body[..Math.Min(body.Length, TextBytes)];
        if (beginning.ContainsAnyInRange((byte)0, (byte)8))
        {
            return false;
        }

        // The cut may have split a character.
        for (var cut = 0; cut < CharacterBytesMax && cut <= beginning.Length; cut++)
        {
            if (Utf8.IsValid(beginning[..^cut]))
            {
                return true;
            }
        }

        return false;
    }
}
