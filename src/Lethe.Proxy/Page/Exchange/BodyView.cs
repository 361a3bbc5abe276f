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
/// <param name="Text">With the content coding undone, or as it was on the wire; cut to <see cref="CharactersMax"/>.</param>
/// <param name="Left">Characters, or events, that were cut off.</param>
/// <param name="Why">Why there is no text; null when there is.</param>
public sealed record BodyView(string Text, long Left, string? Why)
{
    public const int CharactersMax = 256 * 1024;
    private const int EventsMax = 2000;

    /// <summary>Null where it is not shown as a tree.</summary>
    public JsonElement? Json { get; private init; }

    public IReadOnlyList<StreamedEvent> Events { get; private init; } = [];

    /// <summary>Bytes after the content coding was undone.</summary>
    public long DecodedBytes { get; private init; }

    internal static BodyView Of(CapturedBody body, IReadOnlyList<HeaderField> headers, bool isRaw)
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

        // No character is longer than four bytes: the beginning of a long body is enough.
        var shown = decoded.Bytes[..Math.Min(decoded.Bytes.Length, CharactersMax)];
        return new BodyView(Encoding.UTF8.GetString(shown.Span), decoded.Bytes.Length - shown.Length, null) { DecodedBytes = decoded.Bytes.Length };
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
