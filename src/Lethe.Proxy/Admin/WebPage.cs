using System.Security.Cryptography;
using System.Text;

namespace Lethe.Proxy.Admin;

/// <summary>The one page at <c>/</c>: a file inside the executable, whose own script and style are all that its policy lets run.</summary>
internal sealed class WebPage
{
    private const string Resource = "Lethe.Proxy.Admin.Page.index.html";

    private readonly string html;
    private readonly string policy;

    public WebPage()
    {
        using var stream = typeof(WebPage).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"{Resource} is not in the executable.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        html = reader.ReadToEnd();
        policy = $"default-src 'none'; script-src {Hash("script")}; style-src {Hash("style")}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    public IResult Serve(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = policy;
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Results.Text(html, "text/html; charset=utf-8");
    }

    // https://www.w3.org/TR/CSP3/#grammardef-hash-source
    private string Hash(string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])))}'";
    }
}
