using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Claude on Amazon Bedrock, spoken to in the language of the Messages API.</summary>
internal sealed class ClaudeInvokeDialect : Dialect
{
    private const string Model = "anthropic.claude-";

    private static readonly EndpointRule[] Rules =
    [
        new("/invoke", "invoke", Operation.Chat) { Within = Model, ModelBehind = "/model/" },
        new("/invoke-with-response-stream", "invoke", Operation.Chat) { Within = Model, ModelBehind = "/model/", Streams = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "bedrock";

    public override string History => "messages";

    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        turn = AnthropicRequest.Read(turn, request.Body, request.Source, request.Memo) with { ModelRequested = ModelIds.Plain(turn.ModelRequested) };
        // The first Claudes were asked with one text.
        return turn.Prompt.Count == 0 ? InvokedText.ReadRequest(turn, request) : turn;
    }

    public override IReply OpenReply(in CallView call) => new InvokeReply(call);
}
