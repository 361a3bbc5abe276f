using Lethe.Capture.Exchanges;
using Lethe.Proxy.Forwarding.WebSockets;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The guarded way from a call to its capture: nothing here throws. The first fault is logged and counted, and ends the capture; the call goes on.
/// </summary>
internal sealed class ExchangeTap(ExchangeSink sink, ILogger logger)
{
    private ExchangeBuilder? builder;
    private bool keepsBodies;

    /// <summary>True when the end of the response waits for the disk.</summary>
    public bool HoldsEnd => sink.HoldsEnd;

    public void Begin(HttpContext context, ForwardingRoute route, string target)
    {
        try
        {
            var head = Head(context, route, target);
            builder = sink.Begin(head);
            keepsBodies = route.KeepsBodies(head.Path);
            if (!keepsBodies)
            {
                builder.WithholdBodies("product_call");
            }
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    public void Request(ReadOnlySpan<byte> bytes) => Guard(bytes, static (builder, bytes) => builder.AppendRequest(bytes));

    public void ResponseHead(HttpResponseMessage response) =>
        Guard(response, static (builder, response) => builder.StartResponse((int)response.StatusCode, HeaderFields.Of(response)));

    public void Response(ReadOnlySpan<byte> bytes) => Guard(bytes, static (builder, bytes) => builder.AppendResponse(bytes));

    public void Trailers(HttpResponseMessage response) => Guard(response, static (builder, response) =>
    {
        var trailers = HeaderFields.Of(response.TrailingHeaders);
        if (trailers.Count > 0)
        {
            builder.SetTrailers(trailers);
        }
    });

    public void UpstreamHost(string host) => Guard(host, static (builder, host) => builder.SetUpstreamHost(host));

    /// <summary>The capture of the model calls inside a WebSocket; null where there is nothing to capture.</summary>
    public SocketTap? Socket(HttpResponseMessage response, TimeProvider time)
    {
        SocketTap? socket = null;
        Guard(response, (builder, response) =>
        {
            socket = keepsBodies ? SocketTap.Open(builder, HeaderFields.Of(response), sink.Begin, sink.HoldsEnd ? sink.WhenDurable : null, sink.Budget, time, logger) : null;
        });
        return socket;
    }

    public void Finish(CallEnding ending) => Guard(ending, static (builder, ending) => builder.Finish(ending.Ending, ending.Reason, ending.Error));

    /// <summary>Waits for the finished exchange to be on disk; false when it never will be, so that the end must not be released.</summary>
    public async ValueTask<bool> WhenDurable()
    {
        if (builder is null)
        {
            return true;
        }

        try
        {
            await sink.WhenDurable(builder);
            return true;
        }
        catch (Exception fault)
        {
            Fail(fault);
            return false;
        }
    }

    private void Guard<T>(T what, Action<ExchangeBuilder, T> step)
        where T : allows ref struct
    {
        if (builder is { } capture)
        {
            try
            {
                step(capture, what);
            }
            catch (Exception fault)
            {
                Fail(fault);
            }
        }
    }

    private void Fail(Exception fault)
    {
        var failed = Interlocked.Exchange(ref builder, null);
        ProxyMeter.CaptureFaults.Add(1);
        Log.CaptureFailed(logger, failed?.Id.ToString() ?? "none", fault);
    }

    private static ExchangeHead Head(HttpContext context, ForwardingRoute route, string target)
    {
        var (path, query) = RawTarget.Split(target);
        var headers = HeaderFields.Of(context.Request.Headers);
        return new ExchangeHead
        {
            Door = Door.Forwarding,
            Method = context.Request.Method,
            Path = route.BasePath + path,
            Query = query,
            Upstream = route.Upstream,
            UpstreamHost = route.UpstreamHost,
            Provider = route.Provider,
            HttpVersion = context.Request.Protocol,
            Headers = headers,
            CommitKey = headers.First("x-lethe-commit-key") is { Length: > 0 } key ? key : null,
        };
    }
}
