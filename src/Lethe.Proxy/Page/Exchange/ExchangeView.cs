using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Exchange;

/// <summary>A body as a person reads it.</summary>
/// <param name="Text">Decoded, and laid out where it is JSON; cut to <see cref="CharactersMax"/>.</param>
/// <param name="Left">Characters that were cut off.</param>
/// <param name="Why">Why there is no text; null when there is.</param>
public sealed record BodyView(string Text, long Left, string? Why)
{
    public const int CharactersMax = 256 * 1024;
    private static readonly JsonSerializerOptions Laid = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    internal static BodyView Of(CapturedBody body, IReadOnlyList<HeaderField> headers)
    {
        var decoded = ContentDecoder.Decode(body.Bytes, headers.Joined("content-encoding"));
        if (decoded.Reason is { } why && decoded.Bytes.IsEmpty)
        {
            return new BodyView("", 0, why);
        }

        var text = Laying(decoded.Bytes) ?? Encoding.UTF8.GetString(decoded.Bytes.Span);
        return new BodyView(text.Length <= CharactersMax ? text : text[..CharactersMax], Math.Max(0, text.Length - CharactersMax), null);
    }

    // Null where it is no JSON, or holds what .NET cannot write again.
    private static string? Laying(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 1000 });
            return JsonSerializer.Serialize(document.RootElement, Laid);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>All that the Exchange view shows.</summary>
public sealed record ExchangeView
{
    public required ExchangeRecord Exchange { get; init; }

    public required ExchangeTab Tab { get; init; }

    /// <summary>What was new in it, and what came back; null when it belongs to no session.</summary>
    public ConversationTurn? Turn { get; init; }

    public required IReadOnlyList<ExchangeRecord> Attempts { get; init; }

    public BodyView? Body { get; init; }

    public IReadOnlyList<HeaderField> RequestHeaders { get; init; } = [];

    public IReadOnlyList<HeaderField> ResponseHeaders { get; init; } = [];

    /// <summary>Why nothing of what was said can be shown; null when it can.</summary>
    public string? Gone { get; init; }

    internal static ExchangeView Read(StoreReader reader, KeptBodies bodies, string org, ExchangeRecord exchange, ExchangeTab tab)
    {
        var view = new ExchangeView
        {
            Exchange = exchange,
            Tab = tab,
            Attempts = reader.Attempts(org, exchange.ExchangeId)?.Attempts ?? [exchange],
        };
        switch (tab)
        {
            case ExchangeTab.Said when exchange.Session is { } session:
                return view with { Turn = reader.Conversation(org, session.Id, exchange.Turn.Seq).FirstOrDefault(turn => turn.Exchange.ExchangeId == exchange.ExchangeId) };
            case ExchangeTab.Request or ExchangeTab.Response or ExchangeTab.Headers:
                var kept = bodies.Find(org, exchange);
                return kept.Exchange is not { } captured
                    ? view with { Gone = kept.Why }
                    : view with
                    {
                        RequestHeaders = captured.RequestHeaders,
                        ResponseHeaders = captured.ResponseHeaders,
                        Body = tab switch
                        {
                            ExchangeTab.Request => BodyView.Of(captured.Request, captured.RequestHeaders),
                            ExchangeTab.Response => BodyView.Of(captured.Response, captured.ResponseHeaders),
                            _ => null,
                        },
                    };
            default:
                return view;
        }
    }
}
