using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Ollama;

/// <summary>Ollama's own API: chat, generate, embeddings. It streams unless it is asked not to.</summary>
internal sealed class OllamaDialect : Dialect
{
    private const string Chat = "ollama_chat";
    private const string Generate = "ollama_generate";
    private const string Embed = "ollama_embeddings";

    private static readonly EndpointRule[] Rules =
    [
        new("/api/chat", Chat, Operation.Chat),
        new("/api/generate", Generate, Operation.Completion),
        new("/api/embed", Embed, Operation.Embeddings),
        new("/api/embeddings", Embed, Operation.Embeddings),
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "ollama";

    public override string History => "messages";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer)
    {
        var answers = answer?.Member("done"u8) is not null && answer?.Member("created_at"u8) is not null;
        return (answers ? Proof : 0, answer?.Member("response"u8) is not null ? Generate : Chat);
    }

    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        if (turn.Operation == Operation.Embeddings)
        {
            return turn;
        }

        turn = turn with { Stream = request.Body.Member("stream"u8) is not { ValueKind: JsonValueKind.False } };
        return turn.Operation == Operation.Chat
            ? OllamaRequest.ReadChat(turn, request.Body, request.Source, request.Memo)
            : OllamaRequest.ReadGenerate(turn, request.Body, request.Source, request.Memo);
    }

    public override IReply OpenReply(in CallView call) => new OllamaReply(call.Endpoint.Operation);
}
