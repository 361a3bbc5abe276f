using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>The data of a segment's first line: the version, the journal, the seal that the segment before ended with, and the calls that were open then.</summary>
internal sealed record SegmentHeader(Guid Journal, byte[] PreviousSeal, IReadOnlyList<JournaledCall> Open)
{
    public const int Version = 2;

    /// <summary>The lowest segment that lines of this one can point into.</summary>
    public long LowestSegment => Open.Select(call => call.LowestSegment).DefaultIfEmpty(long.MaxValue).Min();

    public static void Write(SegmentHeader header, long segment, LineBuffer into)
    {
        into.Raw("{\"version\":"u8);
        into.Number(Version);
        into.Raw(",\"journal\":\""u8);
        into.Id(header.Journal);
        into.Raw("\",\"previous\":"u8);
        into.HexText(header.PreviousSeal);
        into.Raw(",\"open\":["u8);
        for (var i = 0; i < header.Open.Count; i++)
        {
            into.Raw(i == 0 ? ""u8 : ","u8);
            CallText.Write(header.Open[i], segment, into);
        }

        into.Raw("]}"u8);
    }

    /// <summary>Reads a header. <see cref="NotSupportedException"/> when it is of a later version; <see cref="FormatException"/>, <see cref="JsonException"/> or <see cref="KeyNotFoundException"/> for anything else.</summary>
    public static SegmentHeader Read(ReadOnlyMemory<byte> data, long segment)
    {
        using var json = JsonDocument.Parse(data);
        var root = json.RootElement;
        if (root.GetProperty("version").GetInt32() != Version)
        {
            throw new NotSupportedException("The segment was written by another version.");
        }

        var open = root.GetProperty("open").EnumerateArray().Select(call => CallText.Read(JsonSerializer.SerializeToUtf8Bytes(call), segment)).ToList();
        var previous = Convert.FromHexString(root.GetProperty("previous").GetString()!);
        return previous.Length == JournalLine.SealBytes
            ? new SegmentHeader(root.GetProperty("journal").GetGuid(), previous, open)
            : throw new FormatException("A seal of another length.");
    }

    /// <summary>The header of a segment, without any check of its seal; null when there is none that can be read.</summary>
    public static SegmentHeader? TryReadOf(string directory, long segment)
    {
        try
        {
            using var file = SegmentFile.TryOpen(directory, segment, SegmentPart.Lines);
            using var lines = file is null ? null : new LineReader(file, 0);
            return lines is not null && lines.TryRead(long.MaxValue, out var text) && JournalLine.TryParse(text.Span, out var line) && line.Kind == LineKind.Header
                ? Read(text[line.DataStart..^JournalLine.SuffixBytes], segment)
                : null;
        }
        catch (Exception error) when (JournalDamage.Is(error) || error is NotSupportedException)
        {
            return null;
        }
    }
}
