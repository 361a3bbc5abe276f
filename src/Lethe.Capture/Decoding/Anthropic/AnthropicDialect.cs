using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>The Anthropic Messages API, also as Vertex AI carries it.</summary>
internal sealed class AnthropicDialect : Dialect
{
    private static readonly EndpointRule[] Rules =
    [
        new("/messages", EndpointNames.Messages, Operation.Chat),
        new(":rawPredict", EndpointNames.Messages, Operation.Chat) { Within = "/publishers/anthropic/" },
        new(":streamRawPredict", EndpointNames.Messages, Operation.Chat) { Within = "/publishers/anthropic/", Streams = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "anthropic";

    public override string History => "messages";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        ((headers.First("anthropic-version") is null ? 0 : Sign) + (Asks(request) ? Sign : 0) + (Answers(answer) ? Proof : 0), EndpointNames.Messages);

    public override Turn ReadRequest(Turn turn, in RequestView request) => AnthropicRequest.Read(turn, request.Body, request.Source, request.Memo);

    public override IReply OpenReply(in CallView call) => new AnthropicReply();

    private static bool Asks(JsonElement? request) =>
        request is { } body && body.Member("messages"u8) is { ValueKind: JsonValueKind.Array } messages
        && (body.Member("anthropic_version"u8) is not null || body.Member("system"u8) is not null
            || body.Items("tools"u8).Any(tool => tool.Member("input_schema"u8) is not null)
            || messages.EnumerateArray().Any(message => message.Items("content"u8).Any(IsOwnBlock)));

    private static bool IsOwnBlock(JsonElement block) =>
        block.Is("type"u8, "tool_use"u8) || block.Is("type"u8, "tool_result"u8) || block.Member("cache_control"u8) is not null;

    private static bool Answers(JsonElement? answer) =>
        answer.Text("type"u8) is "message_start" or "content_block_start" or "content_block_delta"
        || (answer.Text("type"u8) == "message" && answer.Member("content"u8) is { ValueKind: JsonValueKind.Array });
}
