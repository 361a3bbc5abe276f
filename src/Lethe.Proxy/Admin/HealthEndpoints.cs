using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>
/// <c>/healthz</c>: the process answers. <c>/readyz</c>: the journal can be written, the store read, and ingest follows behind what was there at the
/// start. Both ways it tells how all of it is.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", Ready);
    }

    private static IResult Ready(ReadinessCheck check)
    {
        var state = check.State();
        return check.WhyNot(state) is { } why
            ? Results.Json(new NotReadyDocument(why, state), ApiJson.Default.NotReadyDocument, "application/problem+json", StatusCodes.Status503ServiceUnavailable)
            : Results.Json(state, ApiJson.Default.PipelineState);
    }
}
