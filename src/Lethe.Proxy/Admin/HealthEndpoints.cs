using Lethe.Proxy.Hosting;

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

    private static IResult Ready(Func<PipelineState> ask)
    {
        var state = ask();
        return state.IsReady
            ? Results.Json(state, ApiJson.Default.PipelineState)
            : Results.Json(NotReadyDocument.Of(state), ApiJson.Default.NotReadyDocument, "application/problem+json", StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>The problem document of <c>/readyz</c>.</summary>
internal sealed record NotReadyDocument(string Title, int Status, string Code, string Detail, PipelineState State)
{
    public static NotReadyDocument Of(PipelineState state) => new(
        "Lethe cannot do all of its work now.",
        StatusCodes.Status503ServiceUnavailable,
        "not_ready",
        $"journal writable: {state.JournalWritable}, store reachable: {state.StoreReachable}, ingest: {state.Ingest}{(state.IngestReason is { } why ? $" ({why})" : "")}.",
        state);
}
