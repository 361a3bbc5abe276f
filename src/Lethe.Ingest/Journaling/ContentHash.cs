using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// What identifies what was said: both directions as they were on the wire and how the call ended. Never ids, clocks, durations, headers, or how the
/// journal laid it out, so that one call that is delivered by two ways has one hash.
/// </summary>
public static class ContentHash
{
    private static ReadOnlySpan<byte> Tag => "lethe.content.v2"u8;

    /// <summary>
    /// SHA-256, 32 bytes, over the bodies' own hashes: who has read a body has those, and nothing is hashed twice. Where nobody could tell the hash of
    /// what went over the wire, that of what was kept stands for it.
    /// </summary>
    public static byte[] Of(CapturedExchange exchange)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Tag);
        Append(exchange.Request, hash);
        Append(exchange.Response, hash);
        Append(exchange.Status ?? -1, hash);
        Append((long)exchange.Ending, hash);
        Append(exchange.TransportError?.Type ?? "", hash);
        return hash.GetHashAndReset();
    }

    private static void Append(CapturedBody body, IncrementalHash hash)
    {
        var told = body.Hashed().Sha256;
        Append(told is null ? 0 : 1, hash);
        Append(told ?? Convert.ToHexStringLower(SHA256.HashData(body.Bytes.Span)), hash);
        Append(body.WireBytes, hash);
        Append(body.Truncated ? 1 : 0, hash);
        if (body.Truncated)
        {
            Append(body.KeptBytes, hash);
        }
    }

    private static void Append(string text, IncrementalHash hash)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(bytes.Length, hash);
        hash.AppendData(bytes);
    }

    private static void Append(long number, IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
