using System.Text;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Changes bytes in the ways in which wires and servers change them, the same way for the same seed.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "{", "}", "[", "]", "\"", "\\", ",", ":", "null", "true", "-1", "1e400", "9223372036854775808", "NaN", "\\ud83d", "\\udc00", "\\u0000", "\n\n", "\r\n", "data: ", "event: ",
            "[DONE]", "\uFEFF", "data:data: ", "{\"error\":{\"message\":\"x\"}}", "{\"type\":\"error\"}", "\"content\":", "\"type\":", "\"index\":-1", "\"index\":99999999999", "\"usage\":{}",
            "\"output\":", "\"message\":", "\"delta\":[]", "\"content\":{}", "\"choices\":{}", "\"tool_calls\":1",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0], [0, 0, 0, 16, 0, 0, 0, 0, 5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd],
    ];

    // Repeatable on every machine and in every edition of the base library.
    private ulong state = ((ulong)seed * 0x9e3779b97f4a7c15) + 0x632be59bd9b4e019;

    /// <summary>A number below <paramref name="bound"/> (xorshift64*).</summary>
    public int Next(int bound)
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return (int)((state * 0x2545f4914f6cdd1d >> 33) % (ulong)Math.Max(1, bound));
    }

    /// <param name="other">What a piece may be taken from.</param>
    public byte[] Of(byte[] bytes, byte[] other)
    {
        for (var times = 1 + Next(4); times > 0; times--)
        {
            bytes = Once(bytes, other);
        }

        return bytes;
    }

    private byte[] Once(byte[] bytes, byte[] other)
    {
        var at = Next(bytes.Length + 1);
        var length = Math.Min(Next(32), bytes.Length - at);
        switch (Next(8))
        {
            case 0 when bytes.Length > 0:
                var flipped = bytes.ToArray();
                flipped[Math.Min(at, bytes.Length - 1)] ^= (byte)(1 << Next(8));
                return flipped;
            case 1:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 2:
                return [.. bytes[..at], .. Words[Next(Words.Length)], .. bytes[at..]];
            case 3:
                return [.. bytes[..at], .. Words[Next(Words.Length)], .. bytes[(at + length)..]];
            case 4:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 5:
                return bytes[..at];
            case 6:
                var from = Next(other.Length + 1);
                return [.. bytes[..at], .. other[from..(from + Math.Min(Next(200), other.Length - from))], .. bytes[at..]];
            default:
                return [.. bytes[at..], .. bytes[..at]];
        }
    }
}
