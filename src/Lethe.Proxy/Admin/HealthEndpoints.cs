using Lethe.Proxy.Access;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>
/// <c>/healthz</c>: the process answers. <c>/readyz</c>: the journal can be written, the store read, and ingest follows behind what was there at the
/// start. Both ways it tells how all of it is. <c>/v1/health</c>: the rest of it, for who may read.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", Ready);
        // Made now: it remembers when lethe started.
        endpoints.ServiceProvider.GetRequiredService<HealthReading>();
        endpoints.MapGet("/v1/health", HealthAsync);
    }

    private static IResult Ready(ReadinessCheck check)
    {
        var state = check.State();
        return check.WhyNot(state) is { } why
            ? Results.Json(new NotReadyDocument(why, state), ApiJson.Default.NotReadyDocument, "application/problem+json", StatusCodes.Status503ServiceUnavailable)
            : Results.Json(state, ApiJson.Default.PipelineState);
    }

    private static async Task<IResult> HealthAsync(HttpContext context, HealthReading health) =>
        Results.Json(await health.ReadAsync(Caller.OrgOf(context), context.RequestAborted), ApiJson.Default.HealthDocument);
}
