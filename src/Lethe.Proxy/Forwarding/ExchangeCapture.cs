using Lethe.Capture.Exchanges;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The middleware that watches a call: (1) begins an exchange, (2) swaps both body streams for copying ones, (3) lets YARP forward,
/// (4) puts the streams back, (5) answers for an upstream that did not, (6) finishes the exchange and, when asked to, waits for the disk.
/// </summary>
internal sealed class ExchangeCapture(RequestDelegate next, ExchangeSink sink, TimeProvider time, ILogger<ExchangeCapture> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // 1
        var route = ForwardingRoute.Of(context.GetRouteModel());
        var target = Target(context, route);
        if (route.BasePath.Length > 0 && RawTarget.HasDotSegments(RawTarget.Split(target).Path))
        {
            await ForwardingProblem.WriteDotSegments(context);
            return;
        }

        var responseBody = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var call = Begin(context, route, target, responseBody);
        var cut = new CloseInsteadOfReset(context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>());
        var ending = new CallEnding(Ending.Incomplete, "forwarder_failed");
        var client = context.Features.Get<HalfClosedClient>();
        client?.Begin(context);
        try
        {
            ending = await ForwardAsync(context, call, responseBody, cut);

            // 5
            if (!call.HasResponseHead && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                await ForwardingProblem.WriteUpstreamFailure(context, ending);
                await UnsentRequest.HearAsync(context, call, time);
            }
            else if (call.Upload.IsCut)
            {
                await UnsentRequest.HearAsync(context, call, time);
            }

            // 6
            await EndAsync(context, call, ending);
        }
        finally
        {
            // Whatever failed, the record is ended; where it is ended already, this counts for nothing.
            _ = call.Socket?.EndAsync(ending.Ending, ending.Reason, ending.Error);
            call.Tap.Finish(ending);
            client?.End();
        }

        if (cut.IsAsked && !context.RequestAborted.IsCancellationRequested)
        {
            throw new AnswerCutException();
        }
    }

    private async Task<CallEnding> ForwardAsync(HttpContext context, ForwardedCall call, IHttpResponseBodyFeature responseBody, CloseInsteadOfReset cut)
    {
        ProxyMeter.InflightExchanges.Add(1);
        var requestBody = context.Request.Body;
        var lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        try
        {
            // 2
            context.Features.Set(call);
            context.Request.Body = new RequestTee(call);
            context.Features.Set<IHttpResponseBodyFeature>(new ResponseTee(context, responseBody, call));
            if (HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Features.Set<IHttpRequestLifetimeFeature>(cut);
            }

            // 3
            await next(context);
            return call.Ending(context);
        }
        finally
        {
            // 4
            context.Request.Body = requestBody;
            context.Features.Set(responseBody);
            context.Features.Set(lifetime);
            ProxyMeter.InflightExchanges.Add(-1);
        }
    }

    private static async Task EndAsync(HttpContext context, ForwardedCall call, CallEnding ending)
    {
        call.TellTrailers();
        // The handshake's record is written behind those of the calls, so that what waits for the one waits for all.
        var unread = call.Socket is { } socket ? await socket.EndAsync(ending.Ending, ending.Reason, ending.Error) : null;
        call.Tap.Finish(unread is null ? ending : ending with { Ending = Ending.Incomplete, Reason = unread });
        if (call.Tap.HoldsEnd && !await call.Tap.WhenDurable())
        {
            context.Abort();
        }
        else if (ending == CallEnding.Completed && call.Framing is { } framing)
        {
            await framing.EndAsync(context.RequestAborted);
        }
    }

    private static string Target(HttpContext context, ForwardingRoute route) =>
        RawTarget.WithoutPrefix(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, route.Prefix) ?? DecodedTarget(context, route);

    private ForwardedCall Begin(HttpContext context, ForwardingRoute route, string target, IHttpResponseBodyFeature responseBody)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        var tap = new ExchangeTap(sink, logger);
        var call = new ForwardedCall(route, target, tap, new Upload(context.Request.BodyReader), responseBody, time);
        tap.Begin(context, route, target);
        return call;
    }

    private static string DecodedTarget(HttpContext context, ForwardingRoute route)
    {
        context.Request.Path.StartsWithSegments(route.Prefix, StringComparison.OrdinalIgnoreCase, out var rest);
        return (rest.HasValue ? rest.ToUriComponent() : "/") + context.Request.QueryString.ToUriComponent();
    }
}
