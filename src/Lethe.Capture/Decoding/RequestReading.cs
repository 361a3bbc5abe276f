using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
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

    private RequestReading(ReadOnlyMemory<byte> source, JsonDocument? json, Repeat? repeat, int cut)
    {
        Source = source;
        Json = json;
        Repeat = repeat;
        Cut = cut;
    }

    /// <summary>What <see cref="Json"/> was parsed from.</summary>
    public ReadOnlyMemory<byte> Source { get; }

    /// <summary>Null when the body is not JSON.</summary>
    public JsonDocument? Json { get; }

    /// <summary>What is known of the history; null where nothing is to be remembered of it.</summary>
    public Repeat? Repeat { get; }

    /// <summary>How many known messages behind the first ones are not in the document.</summary>
    public int Cut { get; }

    /// <param name="history">The member that holds the history in the call's dialect; empty when it has none.</param>
    public static RequestReading Of(ReadOnlyMemory<byte> body, string history, RepeatMemo? memo)
    {
        body = BodySniffer.Trim(body);
        if (memo is not null && history.Length > 0 && FindList(body.Span, history) is { } start)
        {
            var repeat = memo.Find(history, body.Span[start..]);
            if (Shortened(body, start, history, repeat) is { } reading)
            {
                return reading;
            }
        }

        var source = BodySniffer.Trim(Utf8Repair.Clean(body));
        var json = source.IsEmpty ? null : JsonReading.TryParse(source);
        return new RequestReading(source, json, null, 0);
    }

    private static RequestReading? Shortened(ReadOnlyMemory<byte> body, int start, string history, Repeat repeat)
    {
        var cut = Math.Max(0, repeat.Known.Count - (repeat.GoesOn ? 0 : 1) - FirstMessages);
        var kept = body;
        if (cut > 0)
        {
            var from = start + repeat.End(FirstMessages);
            var until = start + repeat.End(FirstMessages + cut);
            kept = (byte[])[.. body.Span[..from], .. body.Span[until..]];
        }

        var source = Utf8Repair.Clean(kept);
        if (!source.Equals(kept) || JsonReading.TryParse(source) is not { } json)
        {
            return null;
        }

        // The list that was looked at must be the one that counts, should there be two.
        if (json.RootElement.Member(System.Text.Encoding.UTF8.GetBytes(history)) is { ValueKind: JsonValueKind.Array } list && JsonReading.Offset(list, source) == start - 1)
        {
            return new RequestReading(source, json, repeat, cut);
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
