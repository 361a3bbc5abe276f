using System.IO.Pipelines;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// One request's body on its way up, as the connection that carries it sees it: an upstream may answer before it has read the body,
/// and then the rest of it is nobody's.
/// </summary>
internal sealed class Upload(PipeReader clientBody)
{
    /// <summary>Where a request to an upstream carries its own.</summary>
    public static readonly HttpRequestOptionsKey<Upload> Key = new("lethe.upload");

    // The HTTP client tells a connection's stream nothing of the request whose bytes it writes.
    private static readonly AsyncLocal<Upload?> Writing = new();

    private volatile bool isSent;
    private volatile bool isAnswered;
    private volatile bool isCut;

    /// <summary>The upload whose bytes the running code writes, or null.</summary>
    public static Upload? Current => Writing.Value;

    /// <summary>The body as the client sends it.</summary>
    public PipeReader ClientBody => clientBody;

    /// <summary>The body has been handed over whole.</summary>
    public bool IsSent => isSent;

    /// <summary>The HTTP client has the answer's head, or has given the request up.</summary>
    public bool IsAnswered => isAnswered;

    /// <summary>The upstream has answered, and the rest of the body is not sent.</summary>
    public bool IsCut => isCut;

    public void Enter() => Writing.Value = this;

    public void Sent() => isSent = true;

    public void Answered() => isAnswered = true;

    /// <summary>Ends it: whoever waits for the client's next bytes is told so.</summary>
    public void Cut()
    {
        isCut = true;
        clientBody.CancelPendingRead();
    }
}
