using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>Models of Amazon Bedrock that are spoken to in their own language, whichever that is: the bodies tell it.</summary>
internal sealed class InvokeDialect : Dialect
{
    private const string Invoke = "invoke";

    private static readonly EndpointRule[] Rules =
    [
        new("/invoke", Invoke, Operation.Chat) { Within = "/model/", ModelBehind = "/model/" },
        new("/invoke-with-response-stream", Invoke, Operation.Chat) { Within = "/model/", ModelBehind = "/model/", Streams = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "bedrock";

    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        var body = request.Body;
        turn = turn with { ModelRequested = ModelIds.Plain(turn.ModelRequested) };
        if (body.Member("messages"u8) is { ValueKind: JsonValueKind.Array } messages)
        {
            return body.Member("anthropic_version"u8) is not null ? AnthropicRequest.Read(turn, body, request.Source, request.Memo)
                : HasConverseContent(messages) ? ConverseRequest.Read(turn, body, request.Source, request.Memo)
                : ChatRequest.Read(turn, body, request.Source, request.Memo);
        }

        return IsEmbedding(turn.ModelRequested, body) ? turn with { Operation = Operation.Embeddings } : InvokedText.ReadRequest(turn, request);
    }

    public override IReply OpenReply(in CallView call) => new InvokeReply(call);

    /// <summary>Nova: blocks whose kind is a member and not a <c>type</c>.</summary>
    private static bool HasConverseContent(JsonElement messages) =>
        messages.EnumerateArray().Any(message => message.Items("content"u8).Any(block => block.ValueKind == JsonValueKind.Object && block.Member("type"u8) is null));

    private static bool IsEmbedding(string? model, JsonElement body) =>
        body.Member("texts"u8) is not null || model?.Contains("embed", StringComparison.OrdinalIgnoreCase) == true;
}
