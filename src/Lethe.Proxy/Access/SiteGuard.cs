using Lethe.Proxy.Problems;
using Microsoft.Extensions.Primitives;

namespace Lethe.Proxy.Access;

/// <summary>
/// Lets no web page of another site in: neither one that has bound its own name to our address (421), nor one that calls us from where it is (403).
/// Whoever is no browser sends no <c>Origin</c> and no fetch metadata, and is asked for nothing but a name that is ours.
/// </summary>
/// <param name="names">The names that are ours.</param>
/// <param name="hosts">What may stand in Host.</param>
/// <param name="takesLinks">True where a person may follow a link from elsewhere: a whole page is opened, and who linked to it reads nothing of it.</param>
internal sealed class SiteGuard(OwnNames names, HostRule hosts, bool takesLinks)
{
    // https://www.w3.org/TR/fetch-metadata/
    private const string SecFetchSite = "Sec-Fetch-Site";
    private const string SecFetchMode = "Sec-Fetch-Mode";
    private const string SecFetchDest = "Sec-Fetch-Dest";

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsMeant(context))
        {
            return ProblemDocument.Of(
                StatusCodes.Status421MisdirectedRequest,
                "host_not_allowed",
                "This name is not one of ours.",
                $"Host '{context.Request.Host}' is neither loopback nor the bound address; Lethe:AllowedHosts can name it.").ExecuteAsync(context);
        }

        return IsForeignPage(context)
            ? ProblemDocument.Of(
                StatusCodes.Status403Forbidden,
                "origin_not_allowed",
                "A page of another site may not call this.",
                "The browser says that a page of another site sends this request; Lethe:AllowedHosts can name the page's host.").ExecuteAsync(context)
            : next(context);
    }

    // HTTP/1.0 has no Host, and no browser speaks it.
    private bool IsMeant(HttpContext context) =>
        hosts == HostRule.Any
        || (context.Request.Host.Host is var host
            && (host.Length == 0 || (hosts == HostRule.ShortNamesToo && IsShort(host)) || names.Include(host, context.Connection.LocalIpAddress)));

    private static bool IsShort(string host) => !host.AsSpan().ContainsAny(".:");

    private bool IsForeignPage(HttpContext context)
    {
        var headers = context.Request.Headers;
        var origins = headers.Origin;
        if (origins.Count > 0)
        {
            return !IsOurs(origins, context) && (IsWebPage(origins) || IsCrossSite(headers));
        }

        return IsCrossSite(headers) && !(takesLinks && IsLink(context.Request));
    }

    private bool IsOurs(StringValues origins, HttpContext context) =>
        origins.Count == 1 && Uri.TryCreate(origins[0], UriKind.Absolute, out var origin) && IsWeb(origin) && names.Include(origin.Host, context.Connection.LocalIpAddress);

    // An editor's window has a scheme of its own; "null" is what a page says that hides where it is from.
    private static bool IsWebPage(StringValues origins) => origins.Count > 1 || !Uri.TryCreate(origins[0], UriKind.Absolute, out var origin) || IsWeb(origin);

    private static bool IsWeb(Uri origin) => origin.Scheme == Uri.UriSchemeHttp || origin.Scheme == Uri.UriSchemeHttps;

    private static bool IsCrossSite(IHeaderDictionary headers) => headers[SecFetchSite].ToString().Contains("cross-site", StringComparison.OrdinalIgnoreCase);

    private static bool IsLink(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers[SecFetchMode] == "navigate" && request.Headers[SecFetchDest] == "document";
}
