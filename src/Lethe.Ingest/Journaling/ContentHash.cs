using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// What identifies what was said: the bytes of both directions and how the call ended. Never ids, clocks, durations, headers, or how the journal laid
/// it out, so that one call that is delivered by two ways has one hash.
/// </summary>
public static class ContentHash
{
    private static ReadOnlySpan<byte> Tag => "lethe.content.v1"u8;

    /// <summary>SHA-256, 32 bytes.</summary>
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
        Append(body.Bytes.Length, hash);
        hash.AppendData(body.Bytes.Span);
        Append(body.Truncated ? 1 : 0, hash);
        if (body.Truncated)
        {
            Append(body.WireBytes, hash);
            Append(body.Sha256 ?? "", hash);
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
