using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Repeats;

namespace Lethe.Capture.Decoding;

/// <summary>
/// A request body as JSON. Of a long history that was met before, only the beginning and what is new is read: the rest is cut out of the document, and
/// stands in <see cref="Repeat"/>.
/// </summary>
internal sealed class RequestReading
{
    /// <summary>How many of the first messages always stay in the document: harnesses are known by them.</summary>
    public const int FirstMessages = 4;

    private RequestReading(ReadOnlyMemory<byte> source, JsonDocument? json)
    {
        Source = source;
        Json = json;
    }

    /// <summary>What <see cref="Json"/> was parsed from.</summary>
    public ReadOnlyMemory<byte> Source { get; }

    /// <summary>Null when the body is not JSON.</summary>
    public JsonDocument? Json { get; }

    /// <summary>What is known of the history; null where nothing is to be remembered of it.</summary>
    public Repeat? Repeat => History?.Repeat;

    /// <summary>The history as it stands in the body; null where nothing is to be remembered of it.</summary>
    public HistoryReading? History { get; private init; }

    /// <summary>How many known messages behind the first ones are not in the document.</summary>
    public int Cut { get; private init; }

    /// <param name="dialect">Null when it is not known before the body is read.</param>
    /// <param name="isDecoded">True where a coding was undone.</param>
    public static RequestReading Of(ReadOnlyMemory<byte> body, bool isDecoded, Dialect? dialect, RepeatMemo? memo)
    {
        var whole = body;
        body = BodySniffer.Trim(body);
        if (memo is not null && dialect is { History.Length: > 0 } && FindList(body.Span, dialect.History) is { } start)
        {
            var repeat = memo.Find(dialect.Name, body.Span[start..]);
            var history = new HistoryReading(dialect.Name, body, 0, start, repeat) { IsDecoded = isDecoded || BodySniffer.TrimStart(whole).Length != whole.Length };
            if (Shortened(history, body[..(repeat.Known.Count > FirstMessages ? start + repeat.End(FirstMessages) : 0)], dialect) is { } reading)
            {
                return reading;
            }
        }

        var source = BodySniffer.Trim(Utf8Repair.Clean(body));
        return new RequestReading(source, source.IsEmpty ? null : JsonReading.TryParse(source));
    }

    /// <summary>Goes on where an earlier body that begins with the same bytes was read to; null when that is not known, or does not go on so.</summary>
    public static RequestReading? Resume(GrownBody body, Dialect dialect, RepeatMemo memo)
    {
        if (memo.Resume(body.From, dialect.Name) is not { } point)
        {
            return null;
        }

        var rest = BodySniffer.TrimEnd(body.Behind(point.End));
        return Repeat.Behind(point, rest.Span) is { } repeat
            ? Shortened(new HistoryReading(dialect.Name, rest, point.End, point.Start, repeat) { Resumed = point }, point.First, dialect)
            : null;
    }

    /// <param name="first">The body as far as it always stays in the document.</param>
    private static RequestReading? Shortened(HistoryReading history, ReadOnlyMemory<byte> first, Dialect dialect)
    {
        var repeat = history.Repeat;
        var cut = Math.Max(0, repeat.Known.Count - (repeat.GoesOn ? 0 : 1) - FirstMessages);
        var kept = history.Bytes;
        if (cut > 0)
        {
            var until = history.Start + repeat.End(FirstMessages + cut) - history.Offset;
            if (until < 0)
            {
                return null;
            }

            kept = (byte[])[.. first.Span, .. history.Bytes.Span[until..]];
        }
        else if (history.Offset > 0)
        {
            return null;
        }

        var source = Utf8Repair.Clean(kept);
        if (!source.Equals(kept) || JsonReading.TryParse(source) is not { } json)
        {
            return null;
        }

        // The list that was looked at must be the one that counts, should there be two.
        if (json.RootElement.Member(System.Text.Encoding.UTF8.GetBytes(dialect.History)) is { ValueKind: JsonValueKind.Array } list
            && JsonReading.Offset(list, source) == history.Start - 1)
        {
            return new RequestReading(source, json) { History = history, Cut = cut };
        }

        json.Dispose();
        return null;
    }

    /// <summary>Where the list of that name begins, behind its bracket; null when the body has none that can be found without reading all of it.</summary>
    private static int? FindList(ReadOnlySpan<byte> body, string name)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonReading.DepthMax });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIt = !reader.ValueIsEscaped && reader.ValueTextEquals(name);
                reader.Read();
                if (isIt)
                {
                    return reader.TokenType == JsonTokenType.StartArray ? (int)reader.BytesConsumed : null;
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON so far: the whole reading says why.
        }

        return null;
    }
}
