using System.IO.Pipelines;
using Lethe.Proxy.ExtProc.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.ExtProc;

/// <summary>Gives a stream's request body to whoever asks for it.</summary>
internal sealed class RetainedBodyFeature(RetainedBody body) : IRequestBodyPipeFeature
{
    public PipeReader Reader => body;
}

/// <summary>
/// Never says that the request was aborted: the gRPC library would read no further message then, and what a reset overtook, though it had been
/// received, would be lost. That the peer is gone is heard from the body, behind what it sent.
/// </summary>
internal sealed class PatientLifetime(IHttpRequestLifetimeFeature lifetime) : IHttpRequestLifetimeFeature
{
    /// <summary>What became of the request in truth.</summary>
    public bool IsAborted => lifetime.RequestAborted.IsCancellationRequested;

    public CancellationToken RequestAborted { get; set; }

    public void Abort() => lifetime.Abort();
}
