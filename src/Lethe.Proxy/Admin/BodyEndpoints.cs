using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Recording;

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
        endpoints.MapGet("/v1/exchanges/{id}/request", (string id, HttpContext context, StoreReader reader, LetheOptions options) => Decoded(id, isRequest: true, context, reader, options));
        endpoints.MapGet("/v1/exchanges/{id}/response", (string id, HttpContext context, StoreReader reader, LetheOptions options) => Decoded(id, isRequest: false, context, reader, options));
        endpoints.MapGet("/v1/exchanges/{id}/body/request", (string id, HttpContext context, StoreReader reader, LetheOptions options) => Raw(id, isRequest: true, context, reader, options));
        endpoints.MapGet("/v1/exchanges/{id}/body/response", (string id, HttpContext context, StoreReader reader, LetheOptions options) => Raw(id, isRequest: false, context, reader, options));
    }

    private static IResult Raw(string id, bool isRequest, HttpContext context, StoreReader reader, LetheOptions options) =>
        TryFind(id, context, reader, options, out var exchange) is { } problem
            ? problem
            : Results.Bytes((isRequest ? exchange!.Request : exchange!.Response).Bytes.ToArray(), Bytes, enableRangeProcessing: true);

    private static IResult Decoded(string id, bool isRequest, HttpContext context, StoreReader reader, LetheOptions options)
    {
        if (TryFind(id, context, reader, options, out var exchange) is { } problem)
        {
            return problem;
        }

        var (body, headers) = isRequest ? (exchange!.Request, exchange.RequestHeaders) : (exchange!.Response, exchange.ResponseHeaders);
        var decoded = ContentDecoder.Decode(body.Bytes, Value(headers, "content-encoding"));
        var isJson = Value(headers, "content-type")?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
        return decoded.Reason is { } why
            ? ProblemDocument.Of(StatusCodes.Status422UnprocessableEntity, why, "The content coding cannot be undone.", "body/request and body/response give the bytes as they are.")
            : Results.Bytes(decoded.Bytes.ToArray(), isJson ? "application/json" : Bytes, enableRangeProcessing: true);
    }

    /// <summary>Null with the exchange, or why it cannot be had.</summary>
    private static IResult? TryFind(string id, HttpContext context, StoreReader reader, LetheOptions options, out CapturedExchange? exchange)
    {
        exchange = null;
        var org = Caller.OrgOf(context);
        if (reader.Exchange(org, id) is not { } record)
        {
            return ProblemDocument.Of(StatusCodes.Status404NotFound, "exchange_not_found", "No such exchange.");
        }

        if (record.Content is "expired" or "erased")
        {
            return Gone(record.Content);
        }

        if (reader.BodyAt(org, id) is not { } at)
        {
            return ProblemDocument.Of(StatusCodes.Status404NotFound, "content_not_kept", "What was said was never kept.");
        }

        using var journal = new JournalBodies(DataLayout.Journal(options.DataDirectory));
        var found = journal.TryRead(at, out var state);
        exchange = found?.Id.ToString() == record.ExchangeId ? found : null;
        return exchange is not null ? null : state switch
        {
            BodyState.Erased => Gone("erased"),
            BodyState.Damaged => ProblemDocument.Of(StatusCodes.Status500InternalServerError, "content_damaged", "The journal is damaged there.", "lethe verify tells where."),
            // Its segment has left, or the journal was begun anew.
            _ => Gone("expired"),
        };
    }

    private static IResult Gone(string content) => ProblemDocument.Of(
        StatusCodes.Status410Gone, "content_" + content, content == "erased" ? "What was said was erased." : "What was said is no longer kept.");

    private static string? Value(IReadOnlyList<HeaderField> headers, string name)
    {
        var values = headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }
}
