using Lethe.Proxy.Describing;
using Microsoft.OpenApi;

namespace Lethe.Proxy.Admin;

/// <summary><c>GET /openapi/v1.json</c>: what programs may ask the admin listener. The page's own routes are nobody else's.</summary>
internal static class ApiDocument
{
    private static readonly string[] Paths = ["v1/", "api/v1/"];

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", document =>
    {
        document.ShouldInclude = route => Paths.Any(path => route.RelativePath?.StartsWith(path, StringComparison.Ordinal) == true);
        document.AddOperationTransformer(TakenParametersExtensions.TellAsync);
        document.AddDocumentTransformer((written, _, _) =>
        {
            written.Info = new OpenApiInfo { Title = "lethe", Version = "v1" };
            // Where it listens is not what it says.
            written.Servers = [];
            return Task.CompletedTask;
        });
    });
}
