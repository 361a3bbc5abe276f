using System.Data.Common;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Describing;
using Lethe.Proxy.IngestApi;
using Lethe.Proxy.Metrics;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;
using Microsoft.AspNetCore.Routing;
using Prometheus;

namespace Lethe.Proxy.Admin;

/// <summary>The admin listener: the read API, the event stream, metrics and health.</summary>
internal static class AdminEndpoints
{
    /// <summary>A store that is being opened, or tried again, is asked for again after so long.</summary>
    private const string StoreRetrySeconds = "2";

    public static void AddAdmin(this IServiceCollection services, LetheOptions options)
    {
        services.AddAccess(options);
        services.AddSingleton<EventStream>();
        services.AddApiDocument();
        services.AddSingleton<KeptBodies>();
        services.AddSingleton<SessionListing>();
        services.AddSingleton<HealthReading>();
    }

    /// <summary>Goes around every admin endpoint: who is meant, who may ask, what the browser may do, and what a failure looks like.</summary>
    public static void UseAdminGuards(this IApplicationBuilder app)
    {
        app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
            context.Response.Headers.CacheControl = "no-store";
            await AnswerFaultsAsync(context, next);
        });
        app.UseSiteGuard(HostRule.Own, takesLinks: true);
        app.UseTokenGuard();
    }

    public static void MapAdmin(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapSessions();
        endpoints.MapKeeping();
        endpoints.MapCorrections();
        endpoints.MapIngest();
        endpoints.MapExchanges();
        endpoints.MapBodies();
        endpoints.MapContent();
        endpoints.MapSearch();
        endpoints.MapStats();
        endpoints.MapPrompts();
        endpoints.MapInflight();
        endpoints.MapGet("/v1/events", (HttpContext context, EventStream events) => events.ServeAsync(context))
            .Takes("after", "session", "view").TakesHeader("Last-Event-ID");
        endpoints.MapMetrics("/metrics", endpoints.ServiceProvider.GetRequiredService<MetricRegistry>().Collectors).WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
        endpoints.MapHealth();
        endpoints.MapOpenApi("/openapi/{documentName}.json");
        endpoints.MapFallback("{**path}", () => ProblemDocument.Of(StatusCodes.Status404NotFound, "not_found", "No such resource."));
    }

    private static async Task AnswerFaultsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException && !context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = StoreRetrySeconds;
            await ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "store_unavailable", "The store cannot be read.", fault.Message).ExecuteAsync(context);
        }
    }
}
