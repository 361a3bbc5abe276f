namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>A body with its content codings undone.</summary>
/// <param name="Bytes">The plain bytes; empty when <paramref name="Reason"/> is set.</param>
/// <param name="Salvaged">True when the coded bytes ended early or broke, and <paramref name="Bytes"/> is what came before.</param>
/// <param name="Reason">Why nothing could be decoded (<c>content_coding_unknown</c>, <c>content_coding_corrupt</c>, <c>decoded_too_large</c>); null when it could.</param>
public readonly record struct DecodedBody(ReadOnlyMemory<byte> Bytes, bool Salvaged, string? Reason)
{
    internal static DecodedBody Refused(string reason) => new(ReadOnlyMemory<byte>.Empty, false, reason);
}
