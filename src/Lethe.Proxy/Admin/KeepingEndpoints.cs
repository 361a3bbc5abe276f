using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>What keeps a session from retention, and what erases it.</summary>
internal static class KeepingEndpoints
{
    public static void MapKeeping(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapDelete("/v1/sessions/{id}", ForgetAsync).Takes("facts");
        endpoints.MapPost("/v1/sessions/{id}/pin", (string id, HttpContext context, StoreReader reader, RecordingPipeline memory) => PinAsync(id, isPinned: true, context, reader, memory));
        endpoints.MapPost("/v1/sessions/{id}/unpin", (string id, HttpContext context, StoreReader reader, RecordingPipeline memory) => PinAsync(id, isPinned: false, context, reader, memory));
    }

    private static async Task<IResult> ForgetAsync(string id, HttpContext context, StoreReader reader, RecordingPipeline memory)
    {
        var facts = context.Request.Query["facts"].ToString();
        if (facts is not ("" or "true" or "false"))
        {
            return new ProblemDocument("A parameter cannot be read.", StatusCodes.Status400BadRequest, "bad_parameter", "facts: true or false.") { Parameter = "facts" };
        }

        return SessionEndpoints.Find(context, reader, id) is { } detail
            && await memory.ForgetAsync(detail.Session.OrgId, detail.Session.SessionId, facts == "true") is { } forgotten
            ? Results.Json(new ForgottenDocument(detail.Session.SessionId, forgotten.Sessions, forgotten.Exchanges, forgotten.Messages, forgotten.Bytes, forgotten.Unread), ApiJson.Default.ForgottenDocument)
            : SessionEndpoints.NoSession(id);
    }

    private static async Task<IResult> PinAsync(string id, bool isPinned, HttpContext context, StoreReader reader, RecordingPipeline memory) =>
        SessionEndpoints.Find(context, reader, id) is { } detail && await memory.PinAsync(detail.Session.OrgId, detail.Session.SessionId, isPinned)
            && SessionEndpoints.Find(context, reader, detail.Session.SessionId) is { } now
            ? Results.Json(now, ApiJson.Default.SessionDetail)
            : SessionEndpoints.NoSession(id);
}
