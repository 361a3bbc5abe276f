using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Chains;

/// <summary>The order of members in canonical JSON: by UTF-16 code units of their names (RFC 8785 §3.2.3).</summary>
internal static class PropertyOrder
{
    /// <summary>From this lead byte on, the order of UTF-8 bytes and that of UTF-16 code units part ways (U+E000 and above).</summary>
    private const byte OrderPartsAt = 0xEE;

    /// <summary>False when two members have one name.</summary>
    public static bool TrySort(Span<JsonProperty> properties)
    {
        if (properties.Length < 2)
        {
            return true;
        }

        foreach (var property in properties)
        {
            if (!SortsAsBytes(JsonMarshal.GetRawUtf8PropertyName(property)))
            {
                return TrySortAsText(properties);
            }
        }

        properties.Sort(CompareBytes);
        for (var i = 1; i < properties.Length; i++)
        {
            if (CompareBytes(properties[i - 1], properties[i]) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TrySortAsText(Span<JsonProperty> properties)
    {
        var names = new string[properties.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = properties[i].Name;
        }

        names.AsSpan().Sort(properties, string.CompareOrdinal);
        for (var i = 1; i < names.Length; i++)
        {
            if (string.Equals(names[i - 1], names[i], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SortsAsBytes(ReadOnlySpan<byte> name) =>
        !name.Contains((byte)'\\') && !name.ContainsAnyInRange(OrderPartsAt, byte.MaxValue);

    private static int CompareBytes(JsonProperty left, JsonProperty right) =>
        JsonMarshal.GetRawUtf8PropertyName(left).SequenceCompareTo(JsonMarshal.GetRawUtf8PropertyName(right));
}
