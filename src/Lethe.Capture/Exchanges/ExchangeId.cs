using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Lethe.Capture.Exchanges;

/// <summary>The identity of one exchange: a UUIDv7 (RFC 9562), minted when the request headers arrive; text is lower-case with hyphens.</summary>
public readonly record struct ExchangeId(Guid Value)
{
    private const int IdBytes = 16;
    private const int TimeBytes = 6;
    private const int RandomBytes = IdBytes - TimeBytes;

    // The system is asked for the randomness of many ids at once: it takes longer to ask than to answer.
    [ThreadStatic]
    private static byte[]? random;

    [ThreadStatic]
    private static int used;

    /// <summary>Mints an id whose first 48 bits are <paramref name="now"/> in Unix milliseconds; the rest is random, but for version and variant.</summary>
    public static ExchangeId New(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteInt64BigEndian(id, now.ToUnixTimeMilliseconds() << 16);
        Randomness().CopyTo(id[TimeBytes..]);
        id[6] = (byte)(0x70 | (id[6] & 0x0f));
        id[8] = (byte)(0x80 | (id[8] & 0x3f));
        return new ExchangeId(new Guid(id, bigEndian: true));
    }

    public static bool TryParse(string? text, out ExchangeId id)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        id = new ExchangeId(value);
        return parsed;
    }

    public override string ToString() => Value.ToString("D");

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
