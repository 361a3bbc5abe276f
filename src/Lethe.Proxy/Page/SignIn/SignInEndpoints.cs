using Lethe.Proxy.Access;
using Lethe.Proxy.Page.Frame;
using Lethe.Proxy.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Lethe.Proxy.Page.SignIn;

/// <summary>Where a token is needed, a browser shows it once, in the only form that is posted. Elsewhere there is nothing to sign in to.</summary>
internal static class SignInEndpoints
{
    private const int FormBytesMax = 32 * 1024;
    private const string Silent = "The issuer does not answer.";

    public static void MapSignIn(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(SignInPage.Address, ShowAsync);
        endpoints.MapPost(SignInPage.Address, SignInAsync);
        endpoints.MapPost("/signout", SignOut);
        endpoints.MapGet("/signin/oidc", AtIssuerAsync);
        endpoints.MapGet(CodeFlow.Callback, FromIssuerAsync);
    }

    private static async Task<IResult> ShowAsync(HttpContext context, TokenRule rule, TokenGuard guard)
    {
        if (!rule.AtAdmin)
        {
            return None();
        }

        var known = SignInCookie.TokenOf(context.Request) is { } token ? await guard.FindAsync(token) : null;
        return Page(context, StatusCodes.Status200OK, null, SignInCookie.Back(context.Request.Query["back"]), known);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, TokenRule rule, TokenGuard guard)
    {
        if (Refusal(context, rule) is { } refusal)
        {
            return refusal;
        }

        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > FormBytesMax)
        {
            return ProblemDocument.Of(StatusCodes.Status400BadRequest, "bad_form", "The form of the page was expected.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (token, back) = (form["token"].ToString().Trim(), SignInCookie.Back(form["back"]));
        if (token.Length is 0 or > SignInCookie.TokenCharsMax || await guard.FindAsync(token) is not { } caller)
        {
            return Page(context, StatusCodes.Status401Unauthorized, "This token is unknown, revoked or expired.", back, null);
        }

        if (!caller.Scopes.Contains(AccessScope.Read))
        {
            return Page(context, StatusCodes.Status403Forbidden, "This token may not read: it needs the scope 'read'.", back, null);
        }

        SignInCookie.Set(context, token);
        return SeeOther(context, back);
    }

    private static async Task<IResult> AtIssuerAsync(HttpContext context, TokenRule rule)
    {
        if (!rule.AtAdmin || context.RequestServices.GetService<CodeFlow>() is not { } flow)
        {
            return None();
        }

        var back = SignInCookie.Back(context.Request.Query["back"]);
        try
        {
            return Results.Redirect(await flow.BeginAsync(context, back));
        }
        catch (IssuerUnreachableException)
        {
            return Page(context, StatusCodes.Status503ServiceUnavailable, Silent, back, null);
        }
    }

    // The browser was sent here from another site: what it may show goes with the next request, which is this page's own.
    private static async Task<IResult> FromIssuerAsync(HttpContext context, TokenRule rule, TokenGuard guard)
    {
        if (!rule.AtAdmin || context.RequestServices.GetService<CodeFlow>() is not { } flow)
        {
            return None();
        }

        try
        {
            if (await flow.EndAsync(context) is not var (token, back) || token.Length > SignInCookie.TokenCharsMax || await guard.FindAsync(token) is not { } caller)
            {
                return Page(context, StatusCodes.Status401Unauthorized, "The issuer gave no token that is good here.", "/", null);
            }

            if (!caller.Scopes.Contains(AccessScope.Read))
            {
                return Page(context, StatusCodes.Status403Forbidden, "This token may not read: it needs the scope 'lethe.read'.", back, null);
            }

            SignInCookie.Set(context, token);
            return Page(context, StatusCodes.Status200OK, null, back, caller, goesOn: true);
        }
        catch (IssuerUnreachableException)
        {
            return Page(context, StatusCodes.Status503ServiceUnavailable, Silent, "/", null);
        }
    }

    private static IResult SignOut(HttpContext context, TokenRule rule)
    {
        if (Refusal(context, rule) is { } refusal)
        {
            return refusal;
        }

        SignInCookie.Forget(context);
        return SeeOther(context, SignInPage.Address);
    }

    private static IResult? Refusal(HttpContext context, TokenRule rule) =>
        !rule.AtAdmin ? None()
        : !SignInCookie.IsOwnForm(context.Request) ? ProblemDocument.Of(StatusCodes.Status403Forbidden, "origin_not_allowed", "Only the page's own form may send this.")
        : null;

    private static IResult SeeOther(HttpContext context, string path)
    {
        context.Response.Headers.Location = path;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static IResult None() => ProblemDocument.Of(StatusCodes.Status404NotFound, "not_found", "No token is needed here.");

    private static RazorComponentResult<SignInPage> Page(HttpContext context, int status, string? fault, string back, Caller? known, bool goesOn = false) => Rendering.View<SignInPage>(context, new()
    {
        [nameof(SignInPage.Fault)] = fault,
        [nameof(SignInPage.Back)] = back,
        [nameof(SignInPage.GoesOn)] = goesOn,
        [nameof(SignInPage.Issuer)] = context.RequestServices.GetService<CodeFlow>() is null ? null : new Uri(context.RequestServices.GetRequiredService<Configuration.LetheOptions>().Oidc.Authority!).Authority,
        [nameof(SignInPage.Bearer)] = known is null ? null : known.Subject ?? "a token without a name",
        [nameof(SignInPage.Org)] = known?.Org,
    }, status);
}
