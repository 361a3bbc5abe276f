using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Decoding;

/// <summary>Names a call where its path says nothing: headers, request and answer vote, and the answer's word counts most.</summary>
internal static class EndpointShapes
{
    /// <summary>A sign that other dialects may have too.</summary>
    private const int Hint = 1;

    /// <summary>A sign of the request that no other dialect has.</summary>
    private const int Sign = 2;

    /// <summary>The answer names itself.</summary>
    private const int Proof = 4;

    private static readonly Endpoint[] Candidates = [Endpoint.Messages, Endpoint.Responses, Endpoint.ChatCompletions, Endpoint.Completions];

    /// <summary>Null when nobody votes.</summary>
    /// <param name="answer">The first thing the response said, when that is JSON.</param>
    public static Endpoint? Find(CapturedExchange exchange, JsonElement? request, JsonElement? answer)
    {
        if (request is { } asked && asked.Member("contents"u8) is not null)
        {
            return Endpoint.Unsupported("generate_content");
        }

        int[] votes =
        [
            (exchange.RequestHeaders.First("anthropic-version") is null ? 0 : Sign) + Messages(request) + (AnswersMessages(answer) ? Proof : 0),
            Responses(request) + (AnswersResponses(answer) ? Proof : 0),
            Chat(request) + (ObjectBegins(answer, "chat.completion") ? Proof : 0),
            Completions(request) + (ObjectBegins(answer, "text_completion") ? Proof : 0),
        ];
        var most = votes.Max();
        return most == 0 ? null : Candidates[Array.IndexOf(votes, most)];
    }

    private static int Messages(JsonElement? request)
    {
        if (request is not { } body || body.Member("messages"u8) is not { ValueKind: JsonValueKind.Array } messages)
        {
            return 0;
        }

        return body.Member("anthropic_version"u8) is not null || body.Member("system"u8) is not null
            || body.Items("tools"u8).Any(tool => tool.Member("input_schema"u8) is not null)
            || messages.EnumerateArray().Any(message => message.Items("content"u8).Any(IsAnthropicBlock))
            ? Sign
            : 0;
    }

    private static bool IsAnthropicBlock(JsonElement block) =>
        block.Is("type"u8, "tool_use"u8) || block.Is("type"u8, "tool_result"u8) || block.Member("cache_control"u8) is not null;

    private static int Chat(JsonElement? request) => request?.Member("messages"u8) is { ValueKind: JsonValueKind.Array } ? Hint : 0;

    private static int Responses(JsonElement? request) =>
        request is { } body && body.Member("input"u8) is { ValueKind: JsonValueKind.Array } && body.Text("model"u8) is not null && HasResponsesMember(body) ? Sign : 0;

    private static int Completions(JsonElement? request) =>
        request is { } body && body.Member("prompt"u8) is not null && body.Text("model"u8) is not null ? Hint : 0;

    private static bool HasResponsesMember(JsonElement body) =>
        body.Member("instructions"u8) is not null || body.Member("store"u8) is not null || body.Member("reasoning"u8) is not null
        || body.Member("include"u8) is not null || body.Member("previous_response_id"u8) is not null;

    private static bool AnswersMessages(JsonElement? answer) =>
        answer.Text("type"u8) is "message_start" or "content_block_start" or "content_block_delta"
        || (answer.Text("type"u8) == "message" && answer.Member("content"u8) is { ValueKind: JsonValueKind.Array });

    private static bool AnswersResponses(JsonElement? answer) =>
        answer.Text("type"u8)?.StartsWith("response.", StringComparison.Ordinal) == true
        || (answer.Text("object"u8) == "response" && answer.Member("output"u8) is not null);

    private static bool ObjectBegins(JsonElement? answer, string name) => answer.Text("object"u8)?.StartsWith(name, StringComparison.Ordinal) == true;
}
