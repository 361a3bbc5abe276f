using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Page.Exchange;

/// <summary>An event of a streamed answer.</summary>
/// <param name="Name">Empty where the stream named none.</param>
public sealed record StreamedEvent(string Name, string Data);

/// <summary>A body as a person reads it: as a tree where it is JSON, as events where it was streamed, else as text.</summary>
/// <param name="Text">With the content coding undone; what is behind <see cref="CharactersMax"/> stands in <see cref="Pieces"/>.</param>
/// <param name="Left">Characters, or events, that were cut off.</param>
/// <param name="Why">Why there is no text; null when there is.</param>
public sealed record BodyView(string Text, long Left, string? Why)
{
    public const int CharactersMax = 256 * 1024;
    private const int EventsMax = 2000;

    /// <summary>A longer one is downloaded, and read elsewhere.</summary>
    private const int ShownBytesMax = 64 * 1024 * 1024;

    /// <summary>Null where it is not shown as a tree.</summary>
    public JsonElement? Json { get; private init; }

    public IReadOnlyList<StreamedEvent> Events { get; private init; } = [];

    /// <summary>What follows <see cref="Text"/>, each to be asked for by its own.</summary>
    public IReadOnlyList<BodyPiece> Pieces { get; private init; } = [];

    /// <summary>Bytes after the content coding was undone.</summary>
    public long DecodedBytes { get; private init; }

    /// <param name="from">The byte, of those after the content coding was undone, that a raw text is wanted from.</param>
    internal static BodyView Of(CapturedBody body, IReadOnlyList<HeaderField> headers, bool isRaw, int from = 0)
    {
        var decoded = ContentDecoder.Decode(body.Bytes, headers.Joined("content-encoding"));
        if (decoded.Reason is { } why && decoded.Bytes.IsEmpty)
        {
            return new BodyView("", 0, why);
        }

        if (!isRaw && Tree(decoded.Bytes) is { } json)
        {
            return new BodyView("", 0, null) { Json = json, DecodedBytes = decoded.Bytes.Length };
        }

        if (!isRaw && headers.Joined("content-type")?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            var (events, left) = Read(decoded.Bytes);
            return new BodyView("", left, null) { Events = events, DecodedBytes = decoded.Bytes.Length };
        }

        var (begin, end) = (Cut(decoded.Bytes.Span, from), Cut(decoded.Bytes.Span, Math.Max(0, from) + (long)(from > 0 ? BodyPiece.BytesMax : CharactersMax)));
        var isWhole = decoded.Bytes.Length <= ShownBytesMax;
        return new BodyView(Encoding.UTF8.GetString(decoded.Bytes.Span[begin..end]), isWhole ? 0 : decoded.Bytes.Length - end, null)
        {
            DecodedBytes = decoded.Bytes.Length,
            Pieces = isWhole ? BodyPiece.Behind(decoded.Bytes.Span, end) : [],
        };
    }

    /// <summary>The place at or before this one where a character begins.</summary>
    internal static int Cut(ReadOnlySpan<byte> text, long at)
    {
        var place = (int)Math.Clamp(at, 0, text.Length);
        for (var back = 0; back < 3 && place > 0 && place < text.Length && (text[place] & 0xC0) == 0x80; back++)
        {
            place--;
        }

        return place;
    }

    private static (List<StreamedEvent> Events, long Left) Read(ReadOnlyMemory<byte> bytes)
    {
        var (events, left) = (new List<StreamedEvent>(), 0L);
        using var stream = new MemoryStream(bytes.ToArray());
        foreach (var item in SseParser.Create(stream).Enumerate())
        {
            if (events.Count < EventsMax)
            {
                events.Add(new StreamedEvent(item.EventType == SseParser.EventTypeDefault ? "" : item.EventType, item.Data));
            }
            else
            {
                left++;
            }
        }

        return (events, left);
    }

    // Null where it is no JSON: a string that is no UTF-8 passes the parser, and is no text to any that reads it.
    private static JsonElement? Tree(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 1000 });
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
