using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>How a call came and what it asks of whom; empty is «not told».</summary>
internal readonly record struct Route(string Door, string CaptureMode, string Method, string HttpVersion, string Upstream, string Provider, string Endpoint)
{
    public static Route Of(InterpretedExchange told)
    {
        var exchange = told.Exchange;
        return new Route(
            StoredWord.Of(exchange.Door),
            ExchangeFacts.CaptureMode(exchange),
            exchange.Method,
            exchange.HttpVersion,
            exchange.Upstream ?? "",
            told.Turn?.Provider ?? exchange.Provider ?? "",
            told.Turn?.Endpoint ?? "");
    }
}
