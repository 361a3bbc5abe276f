using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Lethe.Capture.Exchanges;

/// <summary>The identity of one exchange: a UUIDv7 (RFC 9562), minted when the request headers arrive; text is lower-case with hyphens.</summary>
public readonly record struct ExchangeId(Guid Value)
{
    private const int IdBytes = 16;
    private const int TimeBytes = 6;
    private const int RandomBytes = IdBytes - TimeBytes;
    private const int KeyBytes = 5;

    // The system is asked for the randomness of many ids at once: it takes longer to ask than to answer.
    [ThreadStatic]
    private static byte[]? random;

    [ThreadStatic]
    private static int used;

    /// <summary>Mints an id whose first 48 bits are <paramref name="now"/> in Unix milliseconds, 0 before 1970; the rest is random, but for version and variant.</summary>
    public static ExchangeId New(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteInt64BigEndian(id, Math.Max(0, now.ToUnixTimeMilliseconds()) << 16);
        Randomness().CopyTo(id[TimeBytes..]);
        return Marked(id);
    }

    /// <summary>Mints an id for what somebody else has captured and names by a key: among those of one millisecond the keys decide which comes first, whatever arrives when.</summary>
    public static ExchangeId New(DateTimeOffset at, string key)
    {
        Span<byte> id = stackalloc byte[IdBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        New(at).Value.TryWriteBytes(id, bigEndian: true, out _);
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        hash[..KeyBytes].CopyTo(id[TimeBytes..]);
        return Marked(id);
    }

    public static bool TryParse(string? text, out ExchangeId id)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        id = new ExchangeId(value);
        return parsed;
    }

    public override string ToString() => Value.ToString("D");

    private static ExchangeId Marked(Span<byte> id)
    {
        id[6] = (byte)(0x70 | (id[6] & 0x0f));
        id[8] = (byte)(0x80 | (id[8] & 0x3f));
        return new ExchangeId(new Guid(id, bigEndian: true));
    }

    private static ReadOnlySpan<byte> Randomness()
    {
        random ??= new byte[128 * RandomBytes];
        if (used % random.Length == 0)
        {
            RandomNumberGenerator.Fill(random);
            used = 0;
        }

        used += RandomBytes;
        return random.AsSpan(used - RandomBytes, RandomBytes);
    }
}
