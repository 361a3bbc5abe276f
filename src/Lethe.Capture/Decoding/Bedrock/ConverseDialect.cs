using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>The Converse API of Amazon Bedrock: one language for all its models.</summary>
internal sealed class ConverseDialect : Dialect
{
    private const string Converse = "converse";

    private static readonly EndpointRule[] Rules =
    [
        new("/converse", Converse, Operation.Chat) { Within = "/model/", ModelBehind = "/model/" },
        new("/converse-stream", Converse, Operation.Chat) { Within = "/model/", ModelBehind = "/model/", Streams = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "bedrock";

    public override string History => "messages";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        ((request?.Member("inferenceConfig"u8) is not null || request?.Member("toolConfig"u8) is not null ? Sign : 0)
            + (answer?.Member("output"u8).Member("message"u8) is not null ? Proof : 0), Converse);

    public override Turn ReadRequest(Turn turn, in RequestView request) =>
        ConverseRequest.Read(turn, request.Body, request.Source, request.Memo) with { ModelRequested = ModelIds.Plain(turn.ModelRequested) };

    public override IReply OpenReply(in CallView call) => new ConverseReply();
}
