using Lethe.Capture.Decoding.ContentCodings;

namespace Lethe.Capture.Redaction;

/// <summary>A body with its content codings undone, so that secrets in it can be seen.</summary>
internal static class PlainBody
{
    /// <summary>The plain bytes, or none and the reason.</summary>
    public static (ReadOnlyMemory<byte> Bytes, string? Reason) Of(ReadOnlyMemory<byte> body, string coding)
    {
        if (body.IsEmpty)
        {
            return (body, null);
        }

        var plain = ContentDecoder.Decode(body, coding);
        return (plain.Bytes, plain.Reason);
    }
}
