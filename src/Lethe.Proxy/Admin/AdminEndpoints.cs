namespace Lethe.Proxy.Admin;

/// <summary>The admin listener's routes.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", () => Results.Text("ok\n"));
    }
}
