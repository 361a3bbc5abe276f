using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>Gemini's Interactions API: a conversation in steps, which the vendor keeps, so that a call goes on from an earlier one by its id.</summary>
internal sealed class InteractionsDialect : Dialect
{
    private static readonly EndpointRule[] Rules =
    [
        new("/interactions", EndpointNames.Interactions, Operation.Chat),
        new("/interactions/", EndpointNames.InteractionsGet, Operation.Other) { Method = "GET", IsItem = true },
        new("/cancel", EndpointNames.InteractionsCancel, Operation.Other) { Within = "/interactions/" },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "gemini";

    public override string History => "input";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer)
    {
        var asks = request is { } body && body.Member("input"u8) is not null
            && (body.Member("previous_interaction_id"u8) is not null || body.Member("generation_config"u8) is not null || body.Member("system_instruction"u8) is not null);
        var answers = answer is { } said && (said.Is("object"u8, "interaction"u8) || said.Text("event_type"u8)?.StartsWith("interaction.", StringComparison.Ordinal) == true);
        return ((asks ? Sign : 0) + (answers ? Proof : 0), EndpointNames.Interactions);
    }

    public override Turn ReadRequest(Turn turn, in RequestView request)
    {
        var body = request.Body;
        List<Message> prompt = [];
        if (body.Member("input"u8) is { ValueKind: JsonValueKind.String or JsonValueKind.Object } only)
        {
            prompt.Add(InteractionSteps.Read(only, only.Slice(request.Source)));
        }

        foreach (var step in body.Items("input"u8))
        {
            prompt.Add(InteractionSteps.Read(step, step.Slice(request.Source)));
        }

        var system = ContentJson.Write(body.Member("system_instruction"u8), request.Source, request.Memo);
        var tools = ContentJson.Write(body.Member("tools"u8), request.Source, request.Memo);
        return turn with
        {
            ModelRequested = turn.ModelRequested ?? body.Word("agent"u8),
            Prompt = prompt,
            Background = body.IsTrue("background"u8),
            PreviousResponseId = body.Word("previous_interaction_id"u8),
            System = system?.Json,
            SystemSha256 = system?.Sha256,
            Tools = tools?.Json,
            ToolsSha256 = tools?.Sha256,
        };
    }

    public override IReply OpenReply(in CallView call) => new InteractionsReply();
}
