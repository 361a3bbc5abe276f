using Yarp.ReverseProxy.Transforms;

namespace Lethe.Proxy.Forwarding;

/// <summary>Tells the capture the trailers that YARP passed on.</summary>
internal sealed class TrailersSeen : ResponseTrailersTransform
{
    public override ValueTask ApplyAsync(ResponseTrailersTransformContext context)
    {
        if (context.ProxyResponse is { } response)
        {
            context.HttpContext.Features.Get<ForwardedCall>()?.Tap.Trailers(response);
        }

        return ValueTask.CompletedTask;
    }
}
