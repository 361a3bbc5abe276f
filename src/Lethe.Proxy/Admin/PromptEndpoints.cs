using Lethe.Ingest.Reading;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary><c>/v1/prompts</c> and <c>/v1/tools</c>: what each harness has sent before its messages, version by version; <c>/v1/tools/use</c>: how one tool was used.</summary>
internal static class PromptEndpoints
{
    public static void MapPrompts(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/prompts", (HttpContext context, StoreReader reader, TimeProvider time) => List(PromptPart.System, context, reader, time))
            .Takes("harness", "since", "limit", "cursor");
        endpoints.MapGet("/v1/tools", (HttpContext context, StoreReader reader, TimeProvider time) => List(PromptPart.Tools, context, reader, time))
            .Takes("harness", "since", "limit", "cursor");
        endpoints.MapGet("/v1/tools/use", Use).Takes("name", "harness", "since");
    }

    private static IResult Use(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var (org, since, name) = (query.Org(), query.Time("since"), query.Word("name"));
        if (name is null)
        {
            query.Refuse("name", "a tool's name is wanted.");
        }

        return query.Problem ?? Results.Json(ToolDocument.Of(reader, org, name!, since, query.Word("harness")), ApiJson.Default.ToolDocument);
    }

    private static IResult List(PromptPart part, HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new PageQuery(context, time);
        var (org, limit, since, cursor) = (query.Org(), query.Limit(), query.Time("since"), query.Word("cursor"));
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var versions = PromptVersion.Of(reader, org, part, since, query.Word("harness"));
        var place = cursor is null ? -1 : versions.Index().FirstOrDefault(version => version.Item.Cursor() == cursor, (-1, null!)).Index;
        if (cursor is not null && place < 0)
        {
            // Whoever used it since stands elsewhere now.
            return ProblemDocument.OfParameter("cursor", "not one that this list gives now.");
        }

        PromptVersion[] items = [.. versions.Skip(place + 1).Take(limit)];
        return Results.Json(new Page<PromptVersion>(items, place + 1 + items.Length < versions.Count ? items[^1].Cursor() : null), ApiJson.Default.PagePromptVersion);
    }
}
