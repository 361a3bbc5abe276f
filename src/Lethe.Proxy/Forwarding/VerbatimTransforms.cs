using Yarp.ReverseProxy.Transforms.Builder;

namespace Lethe.Proxy.Forwarding;

/// <summary>Makes every route pass what it got: in front of a route's own transforms, in place of YARP's defaults.</summary>
internal sealed class VerbatimTransforms : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        context.UseDefaultForwarders ??= false;
        if (context.CopyRequestHeaders ?? true)
        {
            context.CopyRequestHeaders = false;
            context.RequestTransforms.Insert(0, new VerbatimRequest());
        }

        if (context.CopyResponseHeaders ?? true)
        {
            context.CopyResponseHeaders = false;
            context.ResponseTransforms.Insert(0, new VerbatimResponse());
        }

        context.ResponseTransforms.Add(new ResponseStart());
    }
}
