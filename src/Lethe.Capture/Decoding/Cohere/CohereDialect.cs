using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Cohere;

/// <summary>Cohere's own API: chat in its first and second edition, the old generate, embeddings.</summary>
internal sealed class CohereDialect : Dialect
{
    private const string Chat = "cohere_chat";

    private static readonly EndpointRule[] Rules =
    [
        new("/v2/chat", Chat, Operation.Chat),
        new("/v1/chat", Chat, Operation.Chat),
        new("/v1/generate", "generate", Operation.Completion),
        new("/v1/embed", "embeddings", Operation.Embeddings),
        new("/v2/embed", "embeddings", Operation.Embeddings),
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "cohere";

    public override string History => "messages";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        ((request?.Member("chat_history"u8) is { ValueKind: JsonValueKind.Array } ? Sign : 0)
            + (answer.Text("event_type"u8) == "stream-start" || answer.Text("type"u8) == "message-start" ? Proof : 0), Chat);

    public override Turn ReadRequest(Turn turn, in RequestView request) =>
        request.Endpoint == Chat ? CohereRequest.Read(turn, request.Body, request.Source, request.Memo)
        : turn.Operation == Operation.Completion ? ChatRequest.ReadCompletion(turn, request.Body, request.Source)
        : turn;

    public override IReply OpenReply(in CallView call) => new CohereReply();
}
