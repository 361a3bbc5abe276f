using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A written range as it is after an erasure: zeros where nothing surviving refers to it, and a salt and a commit of its own.</summary>
internal readonly record struct ErasedRange(long Segment, long Offset, byte[] Commit);

/// <summary>What an <c>erased</c> line tells: which calls, why, and what the ranges commit to from then on.</summary>
internal sealed record Erasure(Guid Id, string Reason, IReadOnlyList<ExchangeId> Exchanges, IReadOnlyList<ErasedRange> Ranges)
{
    public void Write(LineBuffer into)
    {
        into.Raw("{\"erasure\":\""u8);
        into.Id(Id);
        into.Raw("\",\"reason\":"u8);
        into.Text(Reason);
        into.Raw(",\"exchanges\":["u8);
        for (var i = 0; i < Exchanges.Count; i++)
        {
            into.Raw(i == 0 ? "\""u8 : ",\""u8);
            into.Id(Exchanges[i].Value);
            into.Raw("\""u8);
        }

        into.Raw("],\"ranges\":["u8);
        for (var i = 0; i < Ranges.Count; i++)
        {
            into.Raw(i == 0 ? "["u8 : ",["u8);
            into.Number(Ranges[i].Segment);
            into.Raw(","u8);
            into.Number(Ranges[i].Offset);
            into.Raw(","u8);
            into.HexText(Ranges[i].Commit);
            into.Raw("]"u8);
        }

        into.Raw("]}"u8);
    }

    /// <summary>Throws <see cref="FormatException"/>, <see cref="JsonException"/>, <see cref="InvalidOperationException"/> or <see cref="KeyNotFoundException"/> when it is none.</summary>
    public static Erasure Read(ReadOnlyMemory<byte> data)
    {
        using var json = JsonDocument.Parse(data);
        var root = json.RootElement;
        return new Erasure(
            root.GetProperty("erasure").GetGuid(),
            root.GetProperty("reason").GetString()!,
            [.. root.GetProperty("exchanges").EnumerateArray().Select(id => new ExchangeId(id.GetGuid()))],
            [.. root.GetProperty("ranges").EnumerateArray().Select(range => new ErasedRange(range[0].GetInt64(), range[1].GetInt64(), Convert.FromHexString(range[2].GetString()!)))]);
    }
}
