using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/inflight</c>: the calls that are on their way, with how far each has come.</summary>
internal static class InflightEndpoints
{
    public static void MapInflight(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/v1/inflight", List);

    /// <summary>Each with the turn that it comes after, the earliest first.</summary>
    public static IReadOnlyList<OpenCall> Of(OpenCalls calls, StoreReader reader, string org) => [.. calls.Of(org).Select(call => With(call, reader, org))];

    private static IResult List(HttpContext context, OpenCalls calls, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        query.Org(mayBeAll: true);
        return query.Problem ?? Results.Json(new InflightDocument([.. NamedOrgs.Of(context, reader).SelectMany(org => Of(calls, reader, org))]), ApiJson.Default.InflightDocument);
    }

    private static OpenCall With(OpenCall call, StoreReader reader, string org) =>
        call.SessionId is { } id && reader.Session(org, id) is { Session.Counters.Turns: > 0 and var turns } ? call with { AfterTurn = (int)turns } : call;
}
