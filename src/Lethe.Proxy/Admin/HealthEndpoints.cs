using Lethe.Proxy.Hosting;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: the journal can be written, the store read, and ingest follows; with its lag.</summary>
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
            ? ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "not_ready", "Lethe cannot do all of its work now.", why)
            : Results.Json(state, ApiJson.Default.PipelineState);
    }
}
