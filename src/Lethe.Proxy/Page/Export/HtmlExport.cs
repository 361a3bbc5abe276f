using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Frame;
using Lethe.Proxy.Page.Session;
using Lethe.Proxy.Reading;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Page.Export;

/// <summary>A session and its sub-agents as one HTML file: the page's own components and styles, no script, and nothing that is loaded from anywhere.</summary>
internal static class HtmlExport
{
    /// <summary>Session by session, so that only one is held at a time.</summary>
    public static async Task WriteAsync(StoreReader reader, string org, SessionDetail session, TimeProvider time, Stream output)
    {
        var first = SessionView.Read(reader, org, session, time, turn: null, from: null);
        string[] ids = [first.Session.SessionId, .. first.Below.Select(agent => agent.Session.SessionId)];
        await using var file = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        await WriteHeadAsync(file, first.Title);
        for (var at = 0; at < ids.Length; at++)
        {
            var links = new SessionLinks(at == 0 ? "" : SessionTree.ShortId(ids[at]) + "-", ids.ToHashSet(StringComparer.Ordinal));
            var view = at == 0 ? first : reader.Session(org, ids[at]) is { } below ? SessionView.Read(reader, org, below, time, turn: null, from: null) : null;
            // Forgotten meanwhile.
            if (view is not null)
            {
                await RenderAsync(file, new()
                {
                    [nameof(ExportedSession.View)] = view,
                    [nameof(ExportedSession.Links)] = links,
                    [nameof(ExportedSession.IsFirst)] = at == 0,
                    [nameof(ExportedSession.At)] = time.GetUtcNow(),
                });
            }
        }

        await file.WriteAsync("</main>\n</body>\n</html>\n");
    }

    // Everything captured is hostile, in a file as on the page: only these styles count, and nothing runs or loads.
    private static async Task WriteHeadAsync(TextWriter file, string title)
    {
        var styles = new PageAssets().Styles;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(styles)));
        await file.WriteAsync($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{hash}'; img-src data:">
            <meta name="referrer" content="no-referrer">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{HtmlEncoder.Default.Encode(title)} · lethe</title>
            <style>{styles}</style>
            </head>
            <body data-view="export">
            <main id="content">

            """);
    }

    private static async Task RenderAsync(TextWriter file, Dictionary<string, object?> parameters)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var session = await renderer.RenderComponentAsync<ExportedSession>(ParameterView.FromDictionary(parameters));
            session.WriteHtmlTo(file);
        });
    }
}
