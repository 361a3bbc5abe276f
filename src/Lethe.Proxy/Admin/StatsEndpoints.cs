using Lethe.Ingest.Reading;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/stats</c>: tokens, money and failures, by day, model, harness, project, agent or kind.</summary>
internal static class StatsEndpoints
{
    public static void MapStats(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/v1/stats", Stats).Takes("by", "bucket", "since", "until", "harness", "model", "project");

    /// <summary>The filters of figures; what makes no sense is the query's problem.</summary>
    public static FigureFilter Filter(PageQuery query) => new()
    {
        By = By(query),
        Bucket = Bucket(query),
        Since = query.Time("since"),
        Until = query.Time("until"),
        HarnessId = query.Word("harness"),
        Model = query.Word("model"),
        Project = query.Word("project"),
    };

    private static IResult Stats(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        query.Org(mayBeAll: true);
        var filter = Filter(query);
        return query.Problem ?? Results.Json(StatsDocument.Of(reader, NamedOrgs.Of(context, reader), filter), ApiJson.Default.StatsDocument);
    }

    private static FigureKey By(PageQuery query)
    {
        var name = query.Word("by") ?? "day";
        if (StatsDocument.TryKey(name) is { } key)
        {
            return key;
        }

        query.Refuse("by", $"'{name}' is none of {string.Join(", ", StatsDocument.Keys)}.");
        return default;
    }

    private static TimeSpan? Bucket(PageQuery query)
    {
        switch (query.Word("bucket"))
        {
            case null:
                return null;
            case "hour":
                return TimeSpan.FromHours(1);
            case "day":
                return TimeSpan.FromDays(1);
            case var other:
                query.Refuse("bucket", $"'{other}' is neither hour nor day.");
                return null;
        }
    }
}
