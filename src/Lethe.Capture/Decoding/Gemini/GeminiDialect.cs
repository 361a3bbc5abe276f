using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Gemini;

/// <summary>Gemini's generateContent, by the Gemini API, by Vertex AI, and in the wrapper of Code Assist (<c>v1internal</c>), which names the model in the body.</summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Generate = "generate_content";

    private static readonly EndpointRule[] Rules =
    [
        new(":generateContent", Generate, Operation.Chat) { ModelBehind = "/models/" },
        new(":streamGenerateContent", Generate, Operation.Chat) { ModelBehind = "/models/", Streams = true },
    ];

    public override ReadOnlySpan<EndpointRule> Endpoints => Rules;

    public override string Vendor => "gemini";

    public override string History => "contents";

    public override (int Votes, string Endpoint) Claims(IReadOnlyList<HeaderField> headers, JsonElement? request, JsonElement? answer)
    {
        var asks = request is { } body && Unwrapped(body, "request"u8).Member("contents"u8) is not null;
        var answers = answer is { } said && Unwrapped(First(said), "response"u8) is var response
            && (response.Member("candidates"u8) is not null || response.Member("usageMetadata"u8) is not null);
        return ((headers.First("x-goog-api-key") is null ? 0 : Hint) + (asks ? Sign : 0) + (answers ? Proof : 0), Generate);
    }

    public override Turn ReadRequest(Turn turn, in RequestView request) =>
        GeminiRequest.Read(turn, Unwrapped(request.Body, "request"u8), request.Source, request.Memo) with { ModelRequested = GeminiModels.Plain(turn.ModelRequested) };

    public override IReply OpenReply(in CallView call) => new GeminiReply();

    /// <summary>What a wrapper holds; what is wrapped in nothing, as it is.</summary>
    public static JsonElement Unwrapped(JsonElement json, ReadOnlySpan<byte> wrapper) => json.ObjectMember(wrapper) ?? json;

    private static JsonElement First(JsonElement json) => json.ValueKind == JsonValueKind.Array && json.GetArrayLength() > 0 ? json[0] : json;
}
