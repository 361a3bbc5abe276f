using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.AnthropicComplete;

/// <summary>Anthropic's legacy text completions: a prompt in, a text out, no token counts.</summary>
internal sealed class CompleteDialect : Dialect
{
    private const string Complete = "complete";

    private static readonly EndpointRule[] Rules = [new("/complete", Complete, Operation.Completion)];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "anthropic";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        ((request?.Member("max_tokens_to_sample"u8) is null ? 0 : Sign) + (answer.Text("type"u8) == "completion" ? Proof : 0), Complete);

    public override Turn ReadRequest(Turn turn, in RequestView request) => ChatRequest.ReadCompletion(turn, request.Body, request.Source);

    public override IReply OpenReply(in CallView call) => new CompleteReply();
}
