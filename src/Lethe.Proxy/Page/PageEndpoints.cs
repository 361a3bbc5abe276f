using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Page.Calls;
using Lethe.Proxy.Page.Compare;
using Lethe.Proxy.Page.Costs;
using Lethe.Proxy.Page.Exchange;
using Lethe.Proxy.Page.Frame;
using Lethe.Proxy.Page.Health;
using Lethe.Proxy.Page.Live;
using Lethe.Proxy.Page.Prompts;
using Lethe.Proxy.Page.Search;
using Lethe.Proxy.Page.Session;
using Lethe.Proxy.Page.Sessions;
using Lethe.Proxy.Page.SignIn;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using static Lethe.Proxy.Page.Frame.Rendering;

namespace Lethe.Proxy.Page;

/// <summary>The page: views rendered here, of the same queries that <c>/v1</c> answers as JSON. Only GET; nothing on it changes a record.</summary>
internal static class PageEndpoints
{
    private const int CallsShown = 100;
    private const int SessionsShown = 100;

    public static void AddPage(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddSingleton<PageAssets>();
        // A view repeats its own markup over and over.
        services.AddResponseCompression(options => options.MimeTypes = PageAssets.Compressible);
    }

    public static void MapPage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/", Live);
        endpoints.MapGet("/sessions", Sessions);
        endpoints.MapGet("/sessions/{id}", Session);
        endpoints.MapGet("/sessions/{id}/export", Export.ExportEndpoint.Serve);
        endpoints.MapGet("/exchanges/{id}", Exchange);
        endpoints.MapGet("/compare", Compare);
        endpoints.MapGet("/search", Search);
        endpoints.MapGet("/costs", Costs);
        endpoints.MapGet("/prompts", Prompts);
        endpoints.MapGet("/prompts/{harness}", Prompts);
        endpoints.MapGet("/tools", Tool);
        endpoints.MapGet("/tools/{hash}", (HttpContext context, StoreReader reader, string hash) => Compared(context, reader, hash, hash));
        endpoints.MapGet("/health", HealthAsync);
        endpoints.MapSignIn();
        endpoints.MapGet("/assets/{hash}/{name}", Asset);
        endpoints.MapGet("/favicon.svg", (HttpContext context, PageAssets assets) => Asset(context, assets, "favicon.svg", hash: null));
        endpoints.MapGet("/favicon.ico", () => Results.NoContent());
    }

    private static IResult Live(HttpContext context, StoreReader reader, OpenCalls open, LetheOptions options, string? part, long? after, string? session, string? trouble)
    {
        var org = Caller.OrgOf(context);
        var places = new CallPlaces(reader, org);
        if (part == "open")
        {
            return View<OpenCallsPiece>(context, new()
            {
                [nameof(OpenCallsPiece.Calls)] = OpenIn(open, reader, org, session),
                [nameof(OpenCallsPiece.Address)] = "/?part=open" + (session is null ? "" : "&session=" + Uri.EscapeDataString(session)),
                [nameof(OpenCallsPiece.Places)] = places,
            });
        }

        var last = reader.LastChange(org);
        var from = part == "calls" && after is { } place ? Math.Max(place, last - CallsShown) : last - CallsShown;
        IReadOnlyList<IngestedExchange> calls = [.. reader.CommittedAfter(org, Math.Max(0, from), CallsShown).Reverse()];
        var newest = calls.Count > 0 ? calls[0].Ingested : last;
        return part == "calls"
            ? View<CallRows>(context, new() { [nameof(CallRows.Calls)] = calls, [nameof(CallRows.Last)] = newest, [nameof(CallRows.Places)] = places })
            : View<LivePage>(context, new()
            {
                [nameof(LivePage.Calls)] = calls,
                [nameof(LivePage.Last)] = newest,
                [nameof(LivePage.Open)] = Admin.InflightEndpoints.Of(open, reader, org),
                [nameof(LivePage.Door)] = options.Listen,
                [nameof(LivePage.Places)] = places,
                [nameof(LivePage.IsTroubleAlone)] = trouble is { Length: > 0 },
            });
    }

    private static IReadOnlyList<OpenCall> OpenIn(OpenCalls open, StoreReader reader, string org, string? session) =>
        [.. Admin.InflightEndpoints.Of(open, reader, org).Where(call => session is null || call.SessionId == session)];

    private static IResult Sessions(HttpContext context, StoreReader reader, SessionListing listing, TimeProvider time)
    {
        var query = new Admin.PageQuery(context, time);
        var question = Admin.SessionEndpoints.Question(query);
        return query.Problem ?? View<SessionsPage>(context, new()
        {
            [nameof(SessionsPage.View)] = SessionsView.Read(reader, listing, Caller.OrgOf(context), question, SessionsAsked.Of(context.Request.Query), SessionsShown),
        });
    }

    private static IResult Session(HttpContext context, StoreReader reader, OpenCalls open, TimeProvider time, string id, int? turn, int? from, int? to, string? part)
    {
        if (Admin.SessionEndpoints.Find(context, reader, id) is not { } detail)
        {
            return Missing(context, "No such session.");
        }

        if (detail.Session.SessionId != id)
        {
            return Results.Redirect($"/sessions/{detail.Session.SessionId}{context.Request.QueryString}");
        }

        var org = Caller.OrgOf(context);
        var view = SessionView.Read(reader, org, detail, time, turn, from, to);
        return part is "turns" or "live"
            ? View<SessionPart>(context, new() { [nameof(SessionPart.View)] = view, [nameof(SessionPart.IsLive)] = part == "live" })
            : View<SessionPage>(context, new()
            {
                [nameof(SessionPage.View)] = view,
                [nameof(SessionPage.Open)] = OpenIn(open, reader, org, id),
                [nameof(SessionPage.Places)] = new CallPlaces(reader, org),
            });
    }

    private static IResult Exchange(HttpContext context, StoreReader reader, KeptBodies bodies, string id, string? tab, string? form, string? part, int? from)
    {
        var org = Caller.OrgOf(context);
        if (reader.Exchange(org, id) is not { } record)
        {
            return Missing(context, "No such call.");
        }

        var view = ExchangeView.Read(reader, bodies, org, record, Enum.TryParse<ExchangeTab>(tab, ignoreCase: true, out var known) ? known : ExchangeTab.Said, isRaw: form == "raw", from ?? 0);
        return part == "body"
            ? View<BodyPiecePage>(context, new() { [nameof(BodyPiecePage.Text)] = view.Body?.Text ?? "" })
            : View<ExchangePage>(context, new() { [nameof(ExchangePage.View)] = view });
    }

    private static IResult Compare(HttpContext context, StoreReader reader, string? a, string? b, string? view)
    {
        var org = Caller.OrgOf(context);
        if (b is null || reader.Exchange(org, b) is not { } now || (a ?? now.Cache?.ComparedWith) is not { } earlier || reader.Exchange(org, earlier) is not { } before)
        {
            return Missing(context, "Nothing to compare.");
        }

        var comparison = Comparison.Of(reader, org, before, now);
        return View<ComparePage>(context, new()
        {
            [nameof(ComparePage.A)] = before,
            [nameof(ComparePage.B)] = now,
            [nameof(ComparePage.Of)] = comparison,
            [nameof(ComparePage.IsSplit)] = view == "split",
            [nameof(ComparePage.Others)] = OtherTurn.Of(reader, org, before, now),
            [nameof(ComparePage.EqualTools)] = EqualPart.Tools(reader, org, now, comparison.Tools),
            [nameof(ComparePage.EqualMessages)] = EqualPart.Messages(reader, org, now, comparison.Messages.Equal),
        });
    }

    private static IResult Search(HttpContext context, StoreReader reader, TimeProvider time, string? part, string? hit)
    {
        var query = new Admin.PageQuery(context, time);
        var filter = Admin.SearchEndpoints.Filter(query);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var org = Caller.OrgOf(context);
        if (part == "turn")
        {
            var found = hit is null ? null : reader.Exchange(org, hit);
            return View<FoundTurnPiece>(context, new() { [nameof(FoundTurnPiece.Exchange)] = found, [nameof(FoundTurnPiece.Messages)] = FoundTurn.Of(reader, org, found) });
        }

        var asked = new SearchAsked(query.Word("q") ?? "", query.Word("in"), filter.HarnessId, filter.Model, query.Word("since"));
        SearchFault? fault = null;
        var view = asked.Text.Length == 0 ? SearchView.Nothing(asked, null)
            : SearchQuery.TryParse(asked.Text, out fault) is { } known ? SearchView.Of(reader, org, asked, reader.Search(org, known, filter))
            : SearchView.Nothing(asked, SearchWords.Fault(fault!));
        var beside = (hit ?? view.Groups.SelectMany(group => group.Hits).FirstOrDefault()?.ExchangeId) is { } id ? reader.Exchange(org, id) : null;
        return View<SearchPageView>(context, new()
        {
            [nameof(SearchPageView.View)] = view,
            [nameof(SearchPageView.Beside)] = beside,
            [nameof(SearchPageView.BesideMessages)] = FoundTurn.Of(reader, org, beside),
        }, fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private static IResult Costs(HttpContext context, StoreReader reader, TimeProvider time)
    {
        var query = new Admin.PageQuery(context, time);
        var by = Admin.StatsEndpoints.Filter(query).By;
        return query.Problem ?? View<CostsPage>(context, new()
        {
            [nameof(CostsPage.View)] = CostsView.Read(reader, Caller.OrgOf(context), by, CostsView.Ranges.Select(range => range.Value).FirstOrDefault(value => value == query.Word("since")) ?? "30d", time.GetUtcNow()),
        });
    }

    private static IResult Prompts(HttpContext context, StoreReader reader, TimeProvider time, string? harness, string? a, string? b)
    {
        if (a is not null || b is not null)
        {
            return Compared(context, reader, a ?? b!, b ?? a!);
        }

        var since = new Admin.PageQuery(context, time).Word("since");
        var view = PromptsView.Read(reader, Caller.OrgOf(context), harness, RangeOf(since), time.GetUtcNow());
        return harness is not null && view.Groups.Count == 0 ? Missing(context, "No such harness.") : View<PromptsPage>(context, new() { [nameof(PromptsPage.View)] = view });
    }

    private static IResult Tool(HttpContext context, StoreReader reader, TimeProvider time, string? name)
    {
        var since = new Admin.PageQuery(context, time).Word("since");
        return string.IsNullOrEmpty(name) ? Missing(context, "No such tool.") : View<ToolPage>(context, new()
        {
            [nameof(ToolPage.View)] = ToolHistory.Read(reader, Caller.OrgOf(context), name, RangeOf(since), time.GetUtcNow()),
        });
    }

    private static string RangeOf(string? since) => PromptsView.Ranges.Select(known => known.Value).FirstOrDefault(known => known == since) ?? "30d";

    private static IResult Compared(HttpContext context, StoreReader reader, string a, string b)
    {
        var org = Caller.OrgOf(context);
        if (reader.Blob(org, a) is not { } before || reader.Blob(org, b) is not { } now)
        {
            return Missing(context, "No such prompt, and no such tools.");
        }

        return View<PromptTextPage>(context, new()
        {
            [nameof(PromptTextPage.A)] = a,
            [nameof(PromptTextPage.B)] = b,
            [nameof(PromptTextPage.Before)] = PromptWords.Of(before),
            [nameof(PromptTextPage.Now)] = PromptWords.Of(now),
        });
    }

    private static async Task<IResult> HealthAsync(HttpContext context, StoreReader reader, Admin.HealthReading health)
    {
        var read = await health.ReadAsync(Caller.OrgOf(context), context.RequestAborted);
        return View<HealthPage>(context, new()
        {
            [nameof(HealthPage.IsSignedIn)] = SignInCookie.TokenOf(context.Request) is not null,
            [nameof(HealthPage.Health)] = read,
            [nameof(HealthPage.Dead)] = read.State.StoreReachable ? reader.DeadLetters(Caller.OrgOf(context)) : [],
        });
    }

    private static IResult Asset(HttpContext context, PageAssets assets, string name, string? hash)
    {
        if (assets.Find(name, hash) is not { } asset)
        {
            return Results.NotFound();
        }

        context.Response.Headers.CacheControl = hash is null ? "no-cache" : "public, max-age=31536000, immutable";
        return Results.Bytes(asset.Bytes, asset.MediaType);
    }

    private static RazorComponentResult<MissingPage> Missing(HttpContext context, string what) =>
        View<MissingPage>(context, new() { [nameof(MissingPage.What)] = what }, StatusCodes.Status404NotFound);
}
