using Lethe.Capture.Redaction;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>What the configuration asks the Envoy door to change about requests. Nothing, by default.</summary>
/// <param name="window">Searches one body for secrets; null for the one that the recorder uses.</param>
internal sealed class RequestPolicies(ExtProcOptions options, ILogger<RequestPolicies> logger, Func<RedactionWindow>? window = null)
{
    private readonly IReadOnlyList<BlockReply> replies = [.. BlockRule.From(options).Select(rule => new BlockReply(rule))];

    public bool RemovesOwnHeaders => options.RemoveOwnHeaders;

    public bool Redacts => options.RedactRequests;

    public IReadOnlyList<BlockReply> Blocks => replies;

    public ILogger Logger => logger;

    /// <summary>For one call; null when nothing is to be changed.</summary>
    public RequestPolicy? Open() => RemovesOwnHeaders || Redacts || replies.Count > 0 ? new RequestPolicy(this) : null;

    /// <summary>The names, each once, of the headers that are not to go on to the upstream.</summary>
    /// <param name="dropsLength">True where the body's length may change on the way.</param>
    public List<string> HeadersToRemove(CallHeaders headers, bool dropsLength) => headers.Fields
        .Select(field => field.Name)
        .Where(name => (RemovesOwnHeaders && IsOwn(name)) || (dropsLength && name == "content-length"))
        .Distinct(StringComparer.Ordinal)
        .ToList();

    /// <summary>Where secrets are replaced; <paramref name="redactor"/> has to be disposed.</summary>
    public RedactionWindow OpenWindow(StreamRedactor redactor) => window?.Invoke() ?? ((part, final, output) =>
    {
        redactor.Append(part, output);
        if (final)
        {
            redactor.Complete(output);
        }

        return redactor.HeldBytes;
    });

    private static bool IsOwn(string name) =>
        name.StartsWith("x-lethe-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("x-tapes-", StringComparison.OrdinalIgnoreCase);
}
