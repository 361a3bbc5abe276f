using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Batches;

/// <summary>The results of a batch, one JSON value a line: Anthropic's by their own path, OpenAI's as the content of a file, which may be anything else.</summary>
internal sealed class BatchesDialect : Dialect
{
    private static readonly EndpointRule[] Rules =
    [
        new("/results", "batch_results", Operation.Other) { Method = "GET", Within = "/messages/batches/", Vendor = "anthropic" },
        new("/content", "file_content", Operation.Other) { Method = "GET", Within = "/files/", IsOpaque = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override Turn ReadRequest(Turn turn, in RequestView request) => turn;

    public override IReply OpenReply(in CallView call) => new BatchReply(call.Vendor, call.Endpoint.Item ?? "");
}
