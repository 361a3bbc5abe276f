using Lethe.Capture.Exchanges;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// A first path segment that tells which run of <c>lethe exec</c> a call is of. It is in every base address that a run gives out, so that it works
/// for every client; here it becomes a header, which the record keeps and the upstream does not see.
/// </summary>
internal static class RunPrefix
{
    public const string Header = "x-lethe-run-id";

    private const string Start = "/run-";
    private const int IdLength = 36;

    public static string Of(ExchangeId run) => Start + run;

    /// <summary>Takes the segment off the target, where there is one; any other path stays as it is.</summary>
    public static void Remove(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(Start, StringComparison.Ordinal) || path.Length < Start.Length + IdLength || !ExchangeId.TryParse(path.Substring(Start.Length, IdLength), out var run))
        {
            return;
        }

        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        if (RawTarget.WithoutPrefix(request.RawTarget, Of(run)) is { } rest)
        {
            request.RawTarget = rest;
            request.Path = path.Length == Start.Length + IdLength ? "/" : path[(Start.Length + IdLength)..];
            request.Headers[Header] = run.ToString();
        }
    }
}
