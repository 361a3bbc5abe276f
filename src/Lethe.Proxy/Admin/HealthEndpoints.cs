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

    private static IResult Ready(Func<PipelineState> ask)
    {
        var state = ask();
        return state.IsReady
            ? Results.Json(state, ApiJson.Default.PipelineState)
            : ProblemDocument.Of(
                StatusCodes.Status503ServiceUnavailable,
                "not_ready",
                "Lethe cannot do all of its work now.",
                $"journal writable: {state.JournalWritable}, store reachable: {state.StoreReachable}, ingesting: {state.Ingesting}.");
    }
}
