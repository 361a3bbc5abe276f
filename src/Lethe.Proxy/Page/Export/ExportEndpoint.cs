using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Export;

/// <summary><c>GET /sessions/{id}/export</c>: the session as one file, to be kept and sent, and never shown at this origin.</summary>
internal static class ExportEndpoint
{
    public static IResult Serve(HttpContext context, StoreReader reader, TimeProvider time, string id)
    {
        if (Admin.SessionEndpoints.Find(context, reader, id) is not { } detail)
        {
            return Results.NotFound();
        }

        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        var org = Caller.OrgOf(context);
        return Results.Stream(output => HtmlExport.WriteAsync(reader, org, detail, time, output), "text/html; charset=utf-8", $"session-{SessionTree.ShortId(detail.Session.SessionId)}.html");
    }
}
