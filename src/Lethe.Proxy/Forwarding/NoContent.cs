using System.Net;

namespace Lethe.Proxy.Forwarding;

/// <summary>Carries the content headers of a request that has no body.</summary>
internal sealed class NoContent : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
