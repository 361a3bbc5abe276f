using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A <see cref="JournaledCall"/> as the data of a line, and back: fields in one fixed order, defaults left out.</summary>
internal static class CallText
{
    /// <param name="segment">The segment that the line stands in; extents of another one name it.</param>
    public static void Write(JournaledCall call, long segment, LineBuffer into)
    {
        into.Raw("{\"id\":\""u8);
        into.Id(call.Id.Value);
        into.Raw("\",\"at\":"u8);
        into.Number((call.CapturedAt.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
        WriteText(",\"door\":"u8, call.Door == default ? null : call.Door.ToString(), into);
        WriteText(",\"org\":"u8, call.OrgId == Organisation.None ? null : call.OrgId, into);
        WriteNumber(",\"status\":"u8, call.Status, into);
        WriteText(",\"ending\":"u8, call.Ending == default ? null : call.Ending.ToString(), into);
        WriteText(",\"reason\":"u8, call.EndingReason, into);
        WriteNumber(",\"first_byte_ticks\":"u8, call.TimeToFirstByte?.Ticks, into);
        WriteNumber(",\"duration_ticks\":"u8, call.Duration?.Ticks, into);
        WriteRope(",\"head\":"u8, call.Head, segment, into);
        WriteBody(",\"request\":"u8, call.Request, segment, into);
        WriteBody(",\"response\":"u8, call.Response, segment, into);
        if (call.Wrote is { } wrote)
        {
            into.Raw(",\"wrote\":["u8);
            into.Number(wrote.Offset);
            into.Raw(","u8);
            into.Number(wrote.Length);
            into.Raw(","u8);
            into.HexText(wrote.Commit);
            into.Raw("]"u8);
        }

        into.Raw("}"u8);
    }

    /// <summary>Reads a call. An unknown field or word is a <see cref="NotSupportedException"/>: a later version wrote it. Anything else is a <see cref="FormatException"/> or <see cref="JsonException"/>.</summary>
    public static JournaledCall Read(ReadOnlySpan<byte> data, long segment)
    {
        var json = new Utf8JsonReader(data);
        var call = new JournaledCall { Id = default, Ending = default };
        Expect(ref json, JsonTokenType.StartObject);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            call = name switch
            {
                "id" => call with { Id = new ExchangeId(json.GetGuid()) },
                "at" => call with { CapturedAt = DateTimeOffset.UnixEpoch.AddTicks(json.GetInt64() * TimeSpan.TicksPerMicrosecond) },
                "door" => call with { Door = Word<Door>(ref json) },
                "org" => call with { OrgId = JsonText.Unescape(json.ValueSpan) },
                "status" => call with { Status = json.GetInt32() },
                "ending" => call with { Ending = Word<Ending>(ref json) },
                "reason" => call with { EndingReason = JsonText.Unescape(json.ValueSpan) },
                "first_byte_ticks" => call with { TimeToFirstByte = new TimeSpan(json.GetInt64()) },
                "duration_ticks" => call with { Duration = new TimeSpan(json.GetInt64()) },
                "head" => call with { Head = Rope(ref json, segment) },
                "request" => call with { Request = Body(ref json, segment) },
                "response" => call with { Response = Body(ref json, segment) },
                "wrote" => call with { Wrote = Written(ref json) },
                _ => throw new NotSupportedException($"A field of a later version, {name}."),
            };
        }

        return call.Id == default ? throw new FormatException("A call without an id.") : call;
    }

    private static void WriteBody(ReadOnlySpan<byte> name, PlacedBody body, long segment, LineBuffer into)
    {
        if (body.WireBytes == 0 && !body.Truncated && body.Rope.Count == 0)
        {
            return;
        }

        into.Raw(name);
        into.Raw("{\"wire\":"u8);
        into.Number(body.WireBytes);
        into.Raw(body.Truncated ? ",\"truncated\":true"u8 : ""u8);
        WriteRope(",\"at\":"u8, body.Rope, segment, into);
        into.Raw("}"u8);
    }

    private static void WriteRope(ReadOnlySpan<byte> name, IReadOnlyList<Extent> rope, long segment, LineBuffer into)
    {
        if (rope.Count == 0)
        {
            return;
        }

        into.Raw(name);
        for (var i = 0; i < rope.Count; i++)
        {
            var extent = rope[i];
            into.Raw(i == 0 ? "["u8 : ","u8);
            if (extent.Segment != segment)
            {
                into.Raw("["u8);
                into.Number(extent.Segment);
                into.Raw(","u8);
            }

            into.Number(extent.Offset);
            into.Raw(","u8);
            into.Number(extent.Length);
            into.Raw(extent.Segment != segment ? "]"u8 : ""u8);
        }

        into.Raw("]"u8);
    }

    private static PlacedBody Body(ref Utf8JsonReader json, long segment)
    {
        var body = PlacedBody.Empty;
        Check(json.TokenType == JsonTokenType.StartObject);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            body = name switch
            {
                "wire" => body with { WireBytes = json.GetInt64() },
                "truncated" => body with { Truncated = json.GetBoolean() },
                "at" => body with { Rope = Rope(ref json, segment) },
                _ => throw new NotSupportedException($"A field of a later version, {name}."),
            };
        }

        return body;
    }

    private static List<Extent> Rope(ref Utf8JsonReader json, long segment)
    {
        var rope = new List<Extent>();
        Check(json.TokenType == JsonTokenType.StartArray);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            var of = segment;
            var isForeign = json.TokenType == JsonTokenType.StartArray;
            if (isForeign)
            {
                of = Next(ref json);
                json.Read();
            }

            var offset = Natural(ref json);
            rope.Add(new Extent(of, offset, Next(ref json)));
            if (isForeign)
            {
                Expect(ref json, JsonTokenType.EndArray);
            }
        }

        return rope;
    }

    private static WrittenRange Written(ref Utf8JsonReader json)
    {
        Check(json.TokenType == JsonTokenType.StartArray);
        var (offset, length) = (Next(ref json), Next(ref json));
        Expect(ref json, JsonTokenType.String);
        var commit = new byte[JournalLine.SealBytes];
        Check(json.ValueSpan.Length == 2 * commit.Length && JournalLine.TryReadSeal(json.ValueSpan, commit));
        Expect(ref json, JsonTokenType.EndArray);
        return new WrittenRange(offset, length, commit);
    }

    private static TWord Word<TWord>(ref Utf8JsonReader json)
        where TWord : struct, Enum
    {
        var text = json.GetString()!;
        return Enum.TryParse<TWord>(text, out var word) && Enum.GetName(word) == text ? word : throw new NotSupportedException($"A word of a later version, {text}.");
    }

    private static long Next(ref Utf8JsonReader json)
    {
        json.Read();
        return Natural(ref json);
    }

    private static long Natural(ref Utf8JsonReader json)
    {
        Check(json.TokenType == JsonTokenType.Number);
        var value = json.GetInt64();
        Check(value >= 0);
        return value;
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType token) => Check(json.Read() && json.TokenType == token);

    private static void Check(bool holds)
    {
        if (!holds)
        {
            throw new FormatException("The line's data is of another shape.");
        }
    }

    private static void WriteText(ReadOnlySpan<byte> name, string? value, LineBuffer into)
    {
        if (value is not null)
        {
            into.Raw(name);
            into.Text(value);
        }
    }

    private static void WriteNumber(ReadOnlySpan<byte> name, long? value, LineBuffer into)
    {
        if (value is { } number)
        {
            into.Raw(name);
            into.Number(number);
        }
    }
}
