using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Wire;

/// <summary>Images given by URL, which may be a data URL (RFC 2397).</summary>
internal static class ImageUrls
{
    public static Block Read(string? url)
    {
        const string Mark = ";base64,";
        var at = url is not null && url.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? url.IndexOf(Mark, StringComparison.OrdinalIgnoreCase) : -1;
        return at < 0
            ? new Block { Type = "image", ImageUrl = url }
            : new Block { Type = "image", MediaType = url!["data:".Length..at], ImageBase64 = url[(at + Mark.Length)..] };
    }
}
