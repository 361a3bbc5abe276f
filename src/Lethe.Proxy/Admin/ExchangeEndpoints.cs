using Lethe.Ingest.Reading;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/exchanges</c>: the records in the order of export.</summary>
internal static class ExchangeEndpoints
{
    private static readonly string[] Views = ["brief", "full"];

    private static readonly Comparer<ExchangeRecord> OldestFirst = Comparer<ExchangeRecord>.Create(static (a, b) =>
        string.CompareOrdinal(a.CapturedAt, b.CapturedAt) is var order && order != 0 ? order : string.CompareOrdinal(a.ExchangeId, b.ExchangeId));

    private static readonly Comparer<ExchangeRecord> NewestFirst = Comparer<ExchangeRecord>.Create(static (a, b) => OldestFirst.Compare(b, a));

    public static void MapExchanges(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/exchanges", List)
            .Takes("session", "harness", "model", "provider", "outcome", "since", "until", "view", "order", "limit", "cursor");
        endpoints.MapGet("/v1/exchanges/{id}", One);
        endpoints.MapGet("/v1/exchanges/{id}/attempts", Attempts);
        endpoints.MapGet("/v1/exchanges/{id}/chain", Chain);
        endpoints.MapGet("/v1/exchanges/{id}/compare", Compare);
    }

    private static IResult List(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var limit = query.Limit();
        query.Org(mayBeAll: true);
        var filter = new ExchangeFilter
        {
            SessionId = query.Word("session"),
            HarnessId = query.Word("harness"),
            Provider = query.Word("provider"),
            Model = query.Word("model"),
            Outcome = query.Word("outcome"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            IsNewestFirst = query.OneOf("order", PageQuery.Orders) == "desc",
            FactsAlone = query.OneOf("view", Views) == "brief",
            After = query.AfterExchange(),
            Limit = limit + 1,
        };
        if (query.Problem is { } problem)
        {
            return problem;
        }

        ExchangeRecord[] records =
        [
            .. NamedOrgs.Of(context, reader).SelectMany(org => reader.Exchanges(org, filter))
                .Order(filter.IsNewestFirst ? NewestFirst : OldestFirst),
        ];
        var page = new Page<ExchangeRecord>(
            [.. records.Take(limit)],
            records.Length > limit ? ExchangeCursor.Of(records[limit - 1]).ToString() : null);
        return Results.Json(page, ApiJson.Default.PageExchangeRecord);
    }

    private static IResult One(string id, HttpContext context, StoreReader reader) => NamedOrgs.Find(context, reader, org => reader.Exchange(org, id)) is { } record
        ? Results.Json(record, ExchangeRecordJson.Default.ExchangeRecord)
        : NoExchange();

    private static IResult Attempts(string id, HttpContext context, StoreReader reader) => NamedOrgs.Find(context, reader, org => reader.Attempts(org, id)) is { } attempts
        ? Results.Json(attempts, ApiJson.Default.CallAttempts)
        : NoExchange();

    private static IResult Chain(string id, HttpContext context, StoreReader reader) =>
        NamedOrgs.Find(context, reader, org => reader.Exchange(org, id) is { } record ? ChainDocument.Of(reader, org, record) : null) is { } chain
            ? Results.Json(chain, ApiJson.Default.ChainDocument)
            : NoExchange();

    /// <param name="with">The earlier call; without it, the one whose cache this one was to use.</param>
    private static IResult Compare(string id, HttpContext context, StoreReader reader, string? with) =>
        NamedOrgs.Find(context, reader, org => Compared(id, org, reader, with)) is { } comparison ? Results.Json(comparison, ApiJson.Default.Comparison) : NoExchange();

    private static Comparison? Compared(string id, string org, StoreReader reader, string? with) =>
        reader.Exchange(org, id) is { } record && (with ?? record.Cache?.ComparedWith) is { } earlier && reader.Exchange(org, earlier) is { } before
            ? Comparison.Of(reader, org, before, record)
            : null;

    private static IResult NoExchange() => ProblemDocument.Of(StatusCodes.Status404NotFound, "exchange_not_found", "No such exchange.");
}
