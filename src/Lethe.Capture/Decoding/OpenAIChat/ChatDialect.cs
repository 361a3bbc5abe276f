using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIChat;

/// <summary>The Chat Completions API and the legacy completions, of OpenAI and of all who imitate it.</summary>
internal sealed class ChatDialect : Dialect
{
    private const string Chat = "chat_completions";
    private const string Legacy = "completions";

    private static readonly EndpointRule[] Rules =
    [
        new("/chat/completions", Chat, Operation.Chat),
        new("/fim/completions", "fim_completions", Operation.Completion),
        new("/completions", Legacy, Operation.Completion),
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string History => "messages";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer)
    {
        var name = answer.Text("object"u8) ?? "";
        var asksChat = request?.Member("messages"u8) is { ValueKind: JsonValueKind.Array };
        var asksLegacy = request is { } body && body.Member("prompt"u8) is not null && body.Text("model"u8) is not null;
        var isLegacy = name.StartsWith("text_completion", StringComparison.Ordinal) || (asksLegacy && !asksChat);
        var answers = isLegacy ? name.StartsWith("text_completion", StringComparison.Ordinal) : name.StartsWith("chat.completion", StringComparison.Ordinal);
        return ((asksChat || asksLegacy ? Hint : 0) + (answers ? Proof : 0), isLegacy ? Legacy : Chat);
    }

    public override Turn ReadRequest(Turn turn, in RequestView request) => request.Endpoint == Chat
        ? ChatRequest.Read(turn, request.Body, request.Source, request.Memo)
        : ChatRequest.ReadCompletion(turn, request.Body, request.Source);

    public override IReply OpenReply(in CallView call) => new ChatReply(call.Vendor);
}
