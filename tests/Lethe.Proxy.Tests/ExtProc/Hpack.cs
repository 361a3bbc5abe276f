using System.Text;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>As much of HPACK (RFC 7541) as a client needs that sends literals only and has set the dynamic table's size to 0.</summary>
internal static class Hpack
{
    private static readonly Dictionary<int, (string Name, string Value)> Static = new()
    {
        [8] = (":status", "200"),
        [9] = (":status", "204"),
        [10] = (":status", "206"),
        [11] = (":status", "304"),
        [12] = (":status", "400"),
        [13] = (":status", "404"),
        [14] = (":status", "500"),
        [28] = ("content-length", ""),
        [31] = ("content-type", ""),
        [33] = ("date", ""),
        [54] = ("server", ""),
    };

    public static byte[] Encode(IEnumerable<(string Name, string Value)> fields)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    public static void Decode(ReadOnlySpan<byte> block, IDictionary<string, string> into)
    {
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                var (name, value) = Static.GetValueOrDefault(ReadInteger(ref block, 7), ("?", "?"));
                into[name] = value;
            }
            else if ((first & 0xE0) == 0x20)
            {
                ReadInteger(ref block, 5);
            }
            else
            {
                var index = ReadInteger(ref block, (first & 0x40) != 0 ? 6 : 4);
                var name = index == 0 ? ReadText(ref block) : Static.GetValueOrDefault(index, ($"?{index}", "")).Item1;
                into[name] = ReadText(ref block);
            }
        }
    }

    private static void WriteText(Stream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var length = bytes.Length;
        if (length < 127)
        {
            block.WriteByte((byte)length);
        }
        else
        {
            block.WriteByte(127);
            for (length -= 127; length >= 128; length >>= 7)
            {
                block.WriteByte((byte)(length | 128));
            }

            block.WriteByte((byte)length);
        }

        block.Write(bytes);
    }

    private static int ReadInteger(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var mask = (1 << prefixBits) - 1;
        var value = block[0] & mask;
        block = block[1..];
        if (value < mask)
        {
            return value;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            value += (next & 127) << shift;
            if (next < 128)
            {
                return value;
            }
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        Assert.True((block[0] & 0x80) == 0, "Kestrel is not known to send Huffman codes.");
        var length = ReadInteger(ref block, 7);
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
