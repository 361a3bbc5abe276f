using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>The Responses API.</summary>
internal sealed class ResponsesDialect : Dialect
{
    private static readonly EndpointRule[] Rules =
    [
        new("/responses", EndpointNames.Responses, Operation.Chat),
        new("/responses/compact", "responses_compact", Operation.Chat),
        new("/responses/", EndpointNames.ResponsesGet, Operation.Other) { Method = "GET", IsItem = true },
        new("/cancel", EndpointNames.ResponsesCancel, Operation.Other) { Within = "/responses/" },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string History => "input";

    public override SocketRule Socket { get; } = new("/responses", EndpointNames.Responses, static () => new ResponsesSocket());

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer) =>
        ((Asks(request) ? Sign : 0) + (Answers(answer) ? Proof : 0), EndpointNames.Responses);

    public override Turn ReadRequest(Turn turn, in RequestView request) => ResponsesRequest.Read(turn, request.Body, request.Source, request.Memo);

    public override IReply OpenReply(in CallView call) => new ResponsesReply();

    private static bool Asks(JsonElement? request) =>
        request is { } body && body.Member("input"u8) is { ValueKind: JsonValueKind.Array } && body.Text("model"u8) is not null
        && (body.Member("instructions"u8) is not null || body.Member("store"u8) is not null || body.Member("reasoning"u8) is not null
            || body.Member("include"u8) is not null || body.Member("previous_response_id"u8) is not null);

    private static bool Answers(JsonElement? answer) =>
        answer.Text("type"u8)?.StartsWith("response.", StringComparison.Ordinal) == true
        || (answer.Text("object"u8) == "response" && answer.Member("output"u8) is not null);
}
