namespace Lethe.Proxy.Page.Exchange;

/// <summary>What the Exchange view shows of a call.</summary>
public enum ExchangeTab
{
    Said,
    Request,
    Response,
    Headers,
    Timing,
    Attempts,

    /// <summary>The same call, for a shell.</summary>
    Curl,
}
