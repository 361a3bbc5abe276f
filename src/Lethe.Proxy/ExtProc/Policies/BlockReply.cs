using Google.Protobuf;
using Lethe.Capture.Exchanges;
using Lethe.Envoy;
using Lethe.Proxy.Problems;
using Microsoft.AspNetCore.WebUtilities;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>What the client of a blocked call gets: a problem document (RFC 9457), code <c>blocked</c>.</summary>
internal sealed class BlockReply
{
    public static readonly IReadOnlyList<HeaderField> Headers = [new("content-type", ProblemDocument.ContentType)];

    private readonly byte[] body;

    public BlockReply(BlockRule rule)
    {
        Rule = rule;
        var title = ReasonPhrases.GetReasonPhrase(rule.Status) is { Length: > 0 } phrase ? phrase : "Blocked";
        body = new ProblemDocument(title, rule.Status, "blocked", rule.Detail ?? "A rule of the gateway refuses this call.").ToUtf8();
    }

    public BlockRule Rule { get; }

    public ReadOnlySpan<byte> Body => body;

    /// <summary>Ends the call; nothing may be written after it. Only <c>raw_value</c> is read at the other side.</summary>
    public ProcessingResponse Answer()
    {
        var reply = new ImmediateResponse
        {
            Status = new HttpStatus { Code = (StatusCode)Rule.Status },
            Headers = new HeaderMutation(),
            Body = ByteString.CopyFrom(body),
            Details = "lethe_blocked",
        };
        reply.Headers.SetHeaders.Add(new HeaderValueOption
        {
            Header = new HeaderValue { Key = "content-type", RawValue = ByteString.CopyFromUtf8(ProblemDocument.ContentType) },
            AppendAction = HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd,
        });
        return new ProcessingResponse { ImmediateResponse = reply };
    }
}
