using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Access;

/// <summary>
/// The admin listener's door-keeper: a bearer token (RFC 6750) for everything but health and what a browser signs in with, where one is needed. A browser that has
/// signed in shows its token in a cookie.
/// </summary>
internal sealed class TokenGuard(TokenBook tokens, TokenRule rule, TrustedPeers peers, OidcIssuer? issuer, ILogger<TokenGuard> logger)
{
    private const string Scheme = "Bearer ";
    private const string IssuerRetrySeconds = "5";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsForAnyone(context.Request))
        {
            await next(context);
            return;
        }

        var shown = context.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;
        var showsOne = context.Request.Headers.Authorization.Count > 0;
        Caller? known;
        try
        {
            known = shown is not null ? await FindAsync(shown)
                : peers.CallerOf(context) ?? (!showsOne && SignInCookie.TokenOf(context.Request) is { } token ? await FindAsync(token) : null);
        }
        catch (IssuerUnreachableException fault)
        {
            Log.IssuerUnreachable(logger, fault.Message);
            context.Response.Headers.RetryAfter = IssuerRetrySeconds;
            await ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "issuer_unreachable", "The issuer of this token does not answer.").ExecuteAsync(context);
            return;
        }

        if (known is null && (rule.AtAdmin || peers.Speaks(context)))
        {
            if (!showsOne && rule.AtAdmin && IsPage(context.Request))
            {
                context.Response.Redirect($"/signin?back={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString.Value)}");
                return;
            }

            await RefuseAsync(context, shown is null);
            return;
        }

        var caller = known ?? Caller.Anyone;
        var needed = AccessScope.NeededBy(context.Request);
        if (!caller.Scopes.Contains(needed))
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"lethe\", error=\"insufficient_scope\", scope=\"{needed}\"";
            await ProblemDocument.Of(
                StatusCodes.Status403Forbidden, "scope_missing", "The token is not good for this.", $"It needs the scope '{needed}'.").ExecuteAsync(context);
            return;
        }

        context.Features.Set(caller);
        await next(context);
    }

    /// <summary>Whose token this is; null for one that is not good.</summary>
    /// <exception cref="IssuerUnreachableException">The issuer could not be asked.</exception>
    public async Task<Caller?> FindAsync(string shown) =>
        tokens.Find(shown) ?? (issuer is not null && !BearerToken.TryParse(shown, out _) ? await issuer.FindAsync(shown) : null);

    // The page's own styles and modules are in everybody's executable.
    private static bool IsForAnyone(HttpRequest request) =>
        request.Path.Value is "/healthz" or "/readyz" or "/signin" or "/signin/oidc" or CodeFlow.Callback or "/signout" or "/favicon.svg" or "/favicon.ico" || request.Path.StartsWithSegments("/assets");

    // What a person's browser opens, and no program.
    private static bool IsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/v1") && !request.Path.StartsWithSegments("/api") && !request.Path.StartsWithSegments("/metrics") && !request.Path.StartsWithSegments("/openapi");

    private static Task RefuseAsync(HttpContext context, bool showedNone)
    {
        context.Response.Headers.WWWAuthenticate = showedNone ? "Bearer realm=\"lethe\"" : "Bearer realm=\"lethe\", error=\"invalid_token\"";
        return (showedNone
            ? ProblemDocument.Of(StatusCodes.Status401Unauthorized, "token_required", "A token is needed here.", "Send Authorization: Bearer TOKEN; lethe token create makes one.")
            : ProblemDocument.Of(StatusCodes.Status401Unauthorized, "token_invalid", "This token is none of ours.", "It is unknown, revoked or expired.")).ExecuteAsync(context);
    }
}
