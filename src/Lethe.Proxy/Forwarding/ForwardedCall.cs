using Lethe.Proxy.Forwarding.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Lethe.Proxy.Forwarding;

/// <summary>One call on its way through, carried in the request's features from the capture to the transforms.</summary>
internal sealed class ForwardedCall(ForwardingRoute route, string target, ExchangeTap tap, Upload upload, IHttpResponseBodyFeature clientBody, TimeProvider time)
{
    private readonly long startedAt = time.GetTimestamp();
    private long lastActivityAt = time.GetTimestamp();
    private TimeSpan beforeUpstream;
    private HttpResponseMessage? response;
    private bool answerEnded;

    public ForwardingRoute Route => route;

    /// <summary>Path and query for the upstream, after its base path, byte for byte as the client wrote them.</summary>
    public string Target => target;

    public ExchangeTap Tap => tap;

    public Upload Upload => upload;

    public bool HasResponseHead => response is not null;

    /// <summary>What is said in a WebSocket, where it is captured.</summary>
    public SocketTap? Socket { get; private set; }

    /// <summary>Set where lethe writes the chunked coding itself, so that trailers have a place.</summary>
    public ChunkedWithTrailers? Framing { get; private set; }

    /// <summary>The request is about to be sent.</summary>
    public void Sending() => beforeUpstream = time.GetElapsedTime(startedAt);

    public void HeadArrived(HttpResponseMessage arrived)
    {
        response = arrived;
        Active();
        tap.ResponseHead(arrived);
    }

    /// <summary>The upstream's answer has been read to its own end.</summary>
    public void AnswerCame() => answerEnded = true;

    /// <summary>The upstream's side of a WebSocket as it is to be read and written.</summary>
    public Stream Upgraded(Stream upstream) => (Socket = tap.Socket(response!, time)) is { } socket ? new SocketTee(upstream, socket) : upstream;

    public void FramesItself(HttpContext context)
    {
        Framing = new ChunkedWithTrailers(clientBody.Writer);
        context.Features.Set<IHttpResponseTrailersFeature>(Framing);
    }

    /// <summary>The upstream has said all, trailers included.</summary>
    public void TellTrailers()
    {
        if (response is not null)
        {
            tap.Trailers(response);
        }
    }

    /// <summary>A byte went by.</summary>
    public void Active() => lastActivityAt = time.GetTimestamp();

    /// <summary>The first bytes of the response have been handed to the client, which took from <paramref name="since"/>.</summary>
    public void FirstByteReleased(long since) =>
        ProxyMeter.TimeToFirstByteOverhead.Record((beforeUpstream + time.GetElapsedTime(since)).TotalSeconds);

    public long Now => time.GetTimestamp();

    public CallEnding Ending(HttpContext context)
    {
        // YARP's clock was set a moment before ours, so a silence that it gave up may fall a little short here.
        var wentSilent = time.GetElapsedTime(lastActivityAt) >= route.ActivityTimeout * 0.9;
        return CallEnding.Of(context.Features.Get<IForwarderErrorFeature>(), HasResponseHead, answerEnded, wentSilent, context.RequestAborted.IsCancellationRequested);
    }
}
