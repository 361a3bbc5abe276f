namespace Lethe.Proxy.Access;

/// <summary>
/// A browser's token: kept by the browser where no script reads it, sent by it to nobody else, and looked up anew with every request, so that it ends when the token
/// does. It asks, and changes nothing: whatever is no GET needs the token itself.
/// </summary>
internal static class SignInCookie
{
    /// <summary>Browsers keep no longer one.</summary>
    public const int TokenCharsMax = 3800;

    private const string Name = "lethe_token";
    private const string SecFetchSite = "Sec-Fetch-Site";

    /// <summary>The token that the request's cookie holds; null where there is none, or where it would change something.</summary>
    public static string? TokenOf(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Cookies[Name] is { Length: > 0 } token ? token : null;

    public static void Set(HttpContext context, string token) => context.Response.Cookies.Append(Name, token, Options(context));

    public static void Forget(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context));

    /// <summary>True for a form of our own page: another page of this machine, on another port, is none.</summary>
    public static bool IsOwnForm(HttpRequest request)
    {
        if (request.Headers[SecFetchSite] is [{ } site])
        {
            return site == "same-origin";
        }

        return request.Headers.Origin is not [{ } origin] || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Authority == request.Host.Value);
    }

    /// <summary>Where to go on: a path of ours, whatever else was asked for.</summary>
    public static string Back(string? path) =>
        path is ['/', ..] && !(path.Length > 1 && path[1] is '/' or '\\') && !path.Any(char.IsControl) ? path : "/";

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = "/",
        IsEssential = true,
    };
}
