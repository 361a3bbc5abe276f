namespace Lethe.Proxy.Forwarding;

/// <summary>Stands before the HTTP client's own handler and gives each request's body the form in which an early answer or a refusal does it no harm.</summary>
internal sealed class UpstreamCalls(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is not { } body || !request.Options.TryGetValue(Upload.Key, out var upload))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var content = request.Version.Major >= 2 ? new ResendableContent(body, upload) : new UploadContent(body, upload);
        request.Content = content;
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            content.Release();
        }
    }
}
