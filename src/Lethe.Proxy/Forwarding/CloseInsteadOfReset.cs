using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// What an abort by YARP becomes on HTTP/1.1. A reset throws away what Kestrel has not sent yet, and the client would lose the last words of a
/// cut stream; so the connection is closed behind them instead, its framing unfinished (RFC 9112 §8), by an exception that says why.
/// </summary>
internal sealed class CloseInsteadOfReset(IHttpRequestLifetimeFeature connection) : IHttpRequestLifetimeFeature
{
    public bool IsAsked { get; private set; }

    public CancellationToken RequestAborted
    {
        get => connection.RequestAborted;
        set => connection.RequestAborted = value;
    }

    public void Abort() => IsAsked = true;
}

/// <summary>The upstream cut its answer off after it had begun: the only way to make Kestrel end one without finishing it.</summary>
internal sealed class AnswerCutException() : Exception("The upstream cut its answer off.");
