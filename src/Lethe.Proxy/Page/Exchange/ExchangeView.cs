using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Exchange;

/// <summary>All that the Exchange view shows.</summary>
public sealed record ExchangeView
{
    public required ExchangeRecord Exchange { get; init; }

    public required ExchangeTab Tab { get; init; }

    /// <summary>What was new in it, and what came back; null when it belongs to no session.</summary>
    public ConversationTurn? Turn { get; init; }

    public required IReadOnlyList<ExchangeRecord> Attempts { get; init; }

    public BodyView? Body { get; init; }

    /// <summary>As it was on the wire, but for the content coding: not laid out.</summary>
    public bool IsRaw { get; init; }

    public string? Curl { get; init; }

    public IReadOnlyList<HeaderField> RequestHeaders { get; init; } = [];

    public IReadOnlyList<HeaderField> ResponseHeaders { get; init; } = [];

    /// <summary>Why nothing of what was said can be shown; null when it can.</summary>
    public string? Gone { get; init; }

    internal static ExchangeView Read(StoreReader reader, KeptBodies bodies, string org, ExchangeRecord exchange, ExchangeTab tab, bool isRaw, int from = 0)
    {
        var view = new ExchangeView
        {
            Exchange = exchange,
            Tab = tab,
            IsRaw = isRaw,
            Attempts = reader.Attempts(org, exchange.ExchangeId)?.Attempts ?? [exchange],
        };
        switch (tab)
        {
            case ExchangeTab.Said when exchange.Session is { } session:
                return view with { Turn = reader.Conversation(org, session.Id, exchange.Turn.Seq).FirstOrDefault(turn => turn.Exchange.ExchangeId == exchange.ExchangeId) };
            case ExchangeTab.Request or ExchangeTab.Response or ExchangeTab.Headers or ExchangeTab.Curl:
                var kept = bodies.Find(org, exchange);
                return kept.Exchange is not { } captured
                    ? view with { Gone = kept.Why }
                    : view with
                    {
                        RequestHeaders = captured.RequestHeaders,
                        ResponseHeaders = captured.ResponseHeaders,
                        Body = tab switch
                        {
                            ExchangeTab.Request => BodyView.Of(captured.Request, captured.RequestHeaders, isRaw, from),
                            ExchangeTab.Response => BodyView.Of(captured.Response, captured.ResponseHeaders, isRaw, from),
                            _ => null,
                        },
                        Curl = tab == ExchangeTab.Curl ? CurlText.Of(exchange, captured, exchange.ExchangeId + ".request") : null,
                    };
            default:
                return view;
        }
    }
}
