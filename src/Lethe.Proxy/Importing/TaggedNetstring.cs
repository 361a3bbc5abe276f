using System.Globalization;
using System.Text;

namespace Lethe.Proxy.Importing;

/// <summary>
/// Tagged netstrings: <c>LENGTH:BYTES</c> and a letter that tells what the bytes are. Read to <c>byte[]</c>, <see cref="string"/>, <see cref="long"/>,
/// <see cref="double"/>, <see cref="bool"/>, null, a list, or a dictionary.
/// </summary>
internal static class TaggedNetstring
{
    /// <summary>A length of more digits is none.</summary>
    public const int DigitsMax = 12;

    private const int DepthMax = 32;

    /// <summary>What stands for bytes that are no netstring: null is a value.</summary>
    public static object Malformed { get; } = new();

    /// <summary>The next one, its tag behind it; null at the end.</summary>
    public static async Task<(byte[]? Bytes, string? Fault)> NextAsync(Stream file, int bytesMax, CancellationToken cancel)
    {
        var (length, digits) = (0L, 0);
        for (int next; (next = file.ReadByte()) != ':'; digits++)
        {
            if (next < 0 && digits == 0)
            {
                return (null, null);
            }

            if (next is < '0' or > '9' || digits == DigitsMax)
            {
                return (null, next < 0 ? ImportItem.CutOff : "bad_flow");
            }

            length = (length * 10) + next - '0';
        }

        if (length > bytesMax || digits == 0)
        {
            return (null, digits == 0 ? "bad_flow" : "flow_too_large");
        }

        if (file.CanSeek && file.Length - file.Position < length + 1)
        {
            return (null, ImportItem.CutOff);
        }

        var bytes = new byte[length + 1];
        return await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel) == bytes.Length ? (bytes, null) : (null, ImportItem.CutOff);
    }

    /// <summary>What the bytes with their tag stand for.</summary>
    public static object? Parse(byte[] tagged) => Parse(tagged.AsSpan(0, tagged.Length - 1), tagged[^1], 0);

    private static object? Parse(ReadOnlySpan<byte> bytes, byte tag, int depth) => tag switch
    {
        (byte)',' => bytes.ToArray(),
        (byte)';' => Encoding.UTF8.GetString(bytes),
        (byte)'#' => long.TryParse(bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : Malformed,
        (byte)'^' => double.TryParse(bytes, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : Malformed,
        (byte)'!' => bytes.SequenceEqual("true"u8) ? true : bytes.SequenceEqual("false"u8) ? false : Malformed,
        (byte)'~' => bytes.IsEmpty ? null : Malformed,
        (byte)']' => List(bytes, depth),
        (byte)'}' => Dictionary(bytes, depth),
        _ => Malformed,
    };

    private static object List(ReadOnlySpan<byte> bytes, int depth)
    {
        List<object?> list = [];
        while (!bytes.IsEmpty)
        {
            if (depth == DepthMax || Take(ref bytes, depth) is not { } item)
            {
                return Malformed;
            }

            list.Add(item.Value);
        }

        return list;
    }

    private static object Dictionary(ReadOnlySpan<byte> bytes, int depth)
    {
        var dictionary = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (!bytes.IsEmpty)
        {
            if (depth == DepthMax || Take(ref bytes, depth) is not { } key || Take(ref bytes, depth) is not { } value)
            {
                return Malformed;
            }

            var name = key.Value is byte[] raw ? Encoding.UTF8.GetString(raw) : key.Value as string;
            if (name is null)
            {
                return Malformed;
            }

            dictionary[name] = value.Value;
        }

        return dictionary;
    }

    private static Item? Take(ref ReadOnlySpan<byte> bytes, int depth)
    {
        var colon = bytes[..Math.Min(bytes.Length, DigitsMax + 1)].IndexOf((byte)':');
        if (colon <= 0 || !int.TryParse(bytes[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > bytes.Length - colon - 2)
        {
            return null;
        }

        var value = Parse(bytes.Slice(colon + 1, length), bytes[colon + 1 + length], depth + 1);
        bytes = bytes[(colon + length + 2)..];
        return ReferenceEquals(value, Malformed) ? null : new Item(value);
    }

    private readonly record struct Item(object? Value);
}
