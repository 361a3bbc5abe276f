using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Tests.Shipping;

/// <summary>Stands where sidecars look for their centre, whichever process that is by now; may be away, and may lose answers.</summary>
internal sealed class CentreRelay : IAsyncDisposable
{
    private readonly HttpClient http = new();
    private FakeModelApi? api;
    private int requests;

    public string Address => api!.Address;

    /// <summary>The centre's admin listener; null while there is none.</summary>
    public volatile string? Target;

    /// <summary>Of so many answers one is lost behind the commit; 0 loses none.</summary>
    public int LosesOneOf { get; init; }

    /// <summary>Requests that came while there was no centre, or whose answer was lost.</summary>
    public int Refused;

    public static async Task<CentreRelay> StartAsync(int losesOneOf = 0)
    {
        var relay = new CentreRelay { LosesOneOf = losesOneOf };
        relay.api = await FakeModelApi.StartStreamingAsync(relay.RelayAsync);
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        await api!.DisposeAsync();
        http.Dispose();
    }

    private async Task RelayAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (Target is not { } target)
        {
            Refuse(context);
            return;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, target + context.Request.Path) { Content = new StreamContent(context.Request.Body) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
            request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
            using var response = await http.SendAsync(request);
            var body = await response.Content.ReadAsByteArrayAsync();
            if (LosesOneOf > 0 && Interlocked.Increment(ref requests) % LosesOneOf == 0)
            {
                Interlocked.Increment(ref Refused);
                context.Abort();
                return;
            }

            context.Response.StatusCode = (int)response.StatusCode;
            await context.Response.Body.WriteAsync(body);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException)
        {
            Refuse(context);
        }
    }

    private void Refuse(HttpContext context)
    {
        Interlocked.Increment(ref Refused);
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
