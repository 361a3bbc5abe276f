using System.Runtime.CompilerServices;
using Lethe.Proxy.Problems;
using Yarp.ReverseProxy.Model;

namespace Lethe.Proxy.Access;

/// <summary>
/// The forwarding door's: agents bring credentials of their own in Authorization, so the door asks for none, except where lethe itself lends something
/// to a call and more than this machine can reach it. What is lent is a credential that the route's configuration sets, or lethe's place beside an
/// upstream that listens to this machine alone. Then <c>x-lethe-token</c> has to carry a token with the scope <c>ingest</c>; it goes no further.
/// </summary>
internal sealed class LendingGuard(TokenBook tokens, TokenRule rule)
{
    public const string Header = "x-lethe-token";

    private static readonly ConditionalWeakTable<RouteModel, StrongBox<bool>> Known = [];

    // YARP's transforms that put something of the configuration into a request.
    private static readonly string[] Setting = ["RequestHeader", "QueryValueParameter"];

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!rule.AtForwarding || !Lends(context.GetReverseProxyFeature().Route) || MayBorrow(context.Request))
        {
            return next(context);
        }

        return ProblemDocument.Of(
            StatusCodes.Status403Forbidden,
            "token_required",
            "This route needs a token of lethe's.",
            $"Nothing was forwarded. Lethe adds a credential, or its own place, to calls of this route: send a token with the scope '{AccessScope.Ingest}' in {Header}.").ExecuteAsync(context);
    }

    private bool MayBorrow(HttpRequest request) =>
        request.Headers[Header] is [{ } text] && tokens.Find(text) is { } caller && caller.Scopes.Contains(AccessScope.Ingest);

    private static bool Lends(RouteModel route) => Known.GetValue(route, static model => new StrongBox<bool>(SetsSomething(model) || LeadsHere(model))).Value;

    private static bool SetsSomething(RouteModel route) =>
        route.Config.Transforms?.Any(transform => transform.Keys.Any(key => Setting.Contains(key, StringComparer.OrdinalIgnoreCase))) ?? false;

    private static bool LeadsHere(RouteModel route) =>
        route.Cluster?.Model.Config.Destinations?.Values.Any(destination => Uri.TryCreate(destination.Address, UriKind.Absolute, out var uri) && uri.IsLoopback) ?? false;
}
