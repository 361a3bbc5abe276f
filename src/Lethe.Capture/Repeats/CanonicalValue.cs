using System.Security.Cryptography;

namespace Lethe.Capture.Repeats;

/// <summary>A system prompt or a list of tools in canonical form, and the SHA-256 of that.</summary>
internal sealed record CanonicalValue(byte[] Json, byte[] Sha256)
{
    public static CanonicalValue Of(byte[] json) => new(json, SHA256.HashData(json));
}
