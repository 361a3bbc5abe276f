using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>The data of a segment's first line: the version, the seal that the segment before ended with, and the exchanges that were open then.</summary>
internal sealed record SegmentHeader(byte[] PreviousSeal, IReadOnlyDictionary<ExchangeId, JournalPosition> Open)
{
    public const int Version = 1;

    public static void Write(ReadOnlySpan<byte> previousSeal, IReadOnlyDictionary<ExchangeId, JournalPosition> open, LineBuffer into)
    {
        into.Raw("{\"version\":"u8);
        into.Number(Version);
        into.Raw(",\"previous\":"u8);
        into.HexText(previousSeal);
        into.Raw(",\"open\":{"u8);
        var first = true;
        foreach (var (id, at) in open)
        {
            into.Raw(first ? ""u8 : ","u8);
            into.Text(id.ToString());
            into.Raw(":"u8);
            into.Text(at.ToString());
            first = false;
        }

        into.Raw("}}"u8);
    }

    /// <summary>Reads a header; null when it is of a later version. Throws <see cref="FormatException"/> or <see cref="JsonException"/> for anything else.</summary>
    public static SegmentHeader? Read(ReadOnlyMemory<byte> data)
    {
        using var json = JsonDocument.Parse(data);
        if (json.RootElement.GetProperty("version").GetInt32() != Version)
        {
            return null;
        }

        var open = new Dictionary<ExchangeId, JournalPosition>();
        foreach (var property in json.RootElement.GetProperty("open").EnumerateObject())
        {
            open.Add(new ExchangeId(Guid.ParseExact(property.Name, "D")), ParsePosition(property.Value.GetString()!));
        }

        var previous = Convert.FromHexString(json.RootElement.GetProperty("previous").GetString()!);
        return previous.Length == JournalLine.SealBytes
            ? new SegmentHeader(previous, open)
            : throw new FormatException("A seal of another length.");
    }

    private static JournalPosition ParsePosition(string text)
    {
        var numbers = Array.ConvertAll(text.Split(':'), part => long.Parse(part, CultureInfo.InvariantCulture));
        return numbers.Length == 3 ? new JournalPosition(default, numbers[0], numbers[1], numbers[2]) : throw new FormatException("A position without three numbers.");
    }
}
