using System.Text.Json;

namespace Lethe.Ingest.Journaling;

/// <summary>What an <c>anchor</c> line keeps of segments that leave: the last of them, and how its chain stood at its end.</summary>
/// <param name="Sequence">The number of the first line behind it.</param>
internal sealed record SegmentAnchor(long Segment, long Sequence, byte[] Seal)
{
    public void Write(LineBuffer into)
    {
        into.Raw("{\"segment\":"u8);
        into.Number(Segment);
        into.Raw(",\"sequence\":"u8);
        into.Number(Sequence);
        into.Raw(",\"seal\":"u8);
        into.HexText(Seal);
        into.Raw("}"u8);
    }

    /// <summary>Throws <see cref="FormatException"/>, <see cref="JsonException"/>, <see cref="InvalidOperationException"/> or <see cref="KeyNotFoundException"/> when it is none.</summary>
    public static SegmentAnchor Read(ReadOnlyMemory<byte> data)
    {
        using var json = JsonDocument.Parse(data);
        var root = json.RootElement;
        return new SegmentAnchor(
            root.GetProperty("segment").GetInt64(), root.GetProperty("sequence").GetInt64(), Convert.FromHexString(root.GetProperty("seal").GetString()!));
    }
}
