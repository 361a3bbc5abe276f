using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary>
/// What was said in one call: <c>/request</c> and <c>/response</c> with the content codings undone, <c>/body/…</c> byte for byte as it was kept, in ranges
/// (RFC 9110 §14). Whatever it is, no browser runs it.
/// </summary>
internal static class BodyEndpoints
{
    private const string Bytes = "application/octet-stream";

    public static void MapBodies(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/exchanges/{id}/request", (string id, HttpContext context, StoreReader reader, KeptBodies bodies) => Decoded(id, isRequest: true, context, reader, bodies));
        endpoints.MapGet("/v1/exchanges/{id}/response", (string id, HttpContext context, StoreReader reader, KeptBodies bodies) => Decoded(id, isRequest: false, context, reader, bodies));
        endpoints.MapGet("/v1/exchanges/{id}/headers", Headers);
        endpoints.MapGet("/v1/exchanges/{id}/body/request", (string id, HttpContext context, StoreReader reader, KeptBodies bodies) => Raw(id, isRequest: true, context, reader, bodies));
        endpoints.MapGet("/v1/exchanges/{id}/body/response", (string id, HttpContext context, StoreReader reader, KeptBodies bodies) => Raw(id, isRequest: false, context, reader, bodies));
    }

    private static IResult Headers(string id, HttpContext context, StoreReader reader, KeptBodies bodies) =>
        TryFind(id, context, reader, bodies, out var exchange) is { } problem
            ? problem
            : Results.Json(
                new HeadersDocument(exchange!.Id.ToString(), exchange.Status, exchange.RequestHeaders, exchange.ResponseHeaders, exchange.ResponseTrailers), ApiJson.Default.HeadersDocument);

    private static IResult Raw(string id, bool isRequest, HttpContext context, StoreReader reader, KeptBodies bodies) =>
        TryFind(id, context, reader, bodies, out var exchange) is { } problem
            ? problem
            : Results.Bytes((isRequest ? exchange!.Request : exchange!.Response).Bytes.ToArray(), Bytes, enableRangeProcessing: true);

    private static IResult Decoded(string id, bool isRequest, HttpContext context, StoreReader reader, KeptBodies bodies)
    {
        if (TryFind(id, context, reader, bodies, out var exchange) is { } problem)
        {
            return problem;
        }

        var (body, headers) = isRequest ? (exchange!.Request, exchange.RequestHeaders) : (exchange!.Response, exchange.ResponseHeaders);
        var decoded = ContentDecoder.Decode(body.Bytes, headers.Joined("content-encoding"));
        var isJson = headers.Joined("content-type")?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
        return decoded.Reason is { } why
            ? ProblemDocument.Of(StatusCodes.Status422UnprocessableEntity, why, "The content coding cannot be undone.", "body/request and body/response give the bytes as they are.")
            : Results.Bytes(decoded.Bytes.ToArray(), isJson ? "application/json" : Bytes, enableRangeProcessing: true);
    }

    /// <summary>Null with the exchange, or why it cannot be had.</summary>
    private static IResult? TryFind(string id, HttpContext context, StoreReader reader, KeptBodies bodies, out CapturedExchange? exchange)
    {
        exchange = null;
        var org = Caller.OrgOf(context);
        if (reader.Exchange(org, id) is not { } record)
        {
            return ProblemDocument.Of(StatusCodes.Status404NotFound, "exchange_not_found", "No such exchange.");
        }

        var kept = bodies.Find(org, record);
        exchange = kept.Exchange;
        return kept.Code switch
        {
            null => null,
            "content_not_kept" => ProblemDocument.Of(StatusCodes.Status404NotFound, kept.Code, kept.Why!),
            "content_damaged" => ProblemDocument.Of(StatusCodes.Status500InternalServerError, kept.Code, kept.Why!, "lethe verify tells where."),
            _ => ProblemDocument.Of(StatusCodes.Status410Gone, kept.Code, kept.Why!),
        };
    }
}
