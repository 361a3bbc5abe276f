using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Access;

/// <summary>The admin listener's door-keeper: a bearer token (RFC 6750) for everything but health, where one is needed.</summary>
internal sealed class TokenGuard(TokenBook tokens, TokenRule rule, TrustedPeers peers, OidcIssuer? issuer, ILogger<TokenGuard> logger)
{
    private const string Scheme = "Bearer ";
    private const string IssuerRetrySeconds = "5";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsHealth(context.Request))
        {
            await next(context);
            return;
        }

        var shown = context.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;
        Caller? known;
        try
        {
            known = shown is null ? peers.CallerOf(context) : await FindAsync(shown);
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

    private async Task<Caller?> FindAsync(string shown) =>
        tokens.Find(shown) ?? (issuer is not null && !BearerToken.TryParse(shown, out _) ? await issuer.FindAsync(shown) : null);

    private static bool IsHealth(HttpRequest request) => request.Path.Value is "/healthz" or "/readyz";

    private static Task RefuseAsync(HttpContext context, bool showedNone)
    {
        context.Response.Headers.WWWAuthenticate = showedNone ? "Bearer realm=\"lethe\"" : "Bearer realm=\"lethe\", error=\"invalid_token\"";
        return (showedNone
            ? ProblemDocument.Of(StatusCodes.Status401Unauthorized, "token_required", "A token is needed here.", "Send Authorization: Bearer TOKEN; lethe token create makes one.")
            : ProblemDocument.Of(StatusCodes.Status401Unauthorized, "token_invalid", "This token is none of ours.", "It is unknown, revoked or expired.")).ExecuteAsync(context);
    }
}
