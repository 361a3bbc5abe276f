using System.Text.Json;

namespace Lethe.Capture.Decoding;

/// <summary>Names a call by what its bodies look like, where the path says nothing.</summary>
internal static class EndpointShapes
{
    public static Endpoint? Find(JsonElement? request)
    {
        if (request is not { ValueKind: JsonValueKind.Object } body)
        {
            return null;
        }

        if (body.Member("contents"u8) is not null)
        {
            return Endpoint.Unsupported("generate_content");
        }

        if (body.Member("messages"u8) is { ValueKind: JsonValueKind.Array } messages)
        {
            return LooksLikeAnthropic(body, messages) ? Endpoint.Messages : Endpoint.ChatCompletions;
        }

        if (body.Member("input"u8) is { ValueKind: JsonValueKind.Array } && body.Text("model"u8) is not null && HasResponsesMember(body))
        {
            return Endpoint.Responses;
        }

        return body.Member("prompt"u8) is not null && body.Text("model"u8) is not null ? Endpoint.Completions : null;
    }

    private static bool LooksLikeAnthropic(JsonElement body, JsonElement messages)
    {
        if (body.Member("anthropic_version"u8) is not null || body.Member("system"u8) is not null)
        {
            return true;
        }

        foreach (var tool in body.Items("tools"u8))
        {
            return tool.Member("input_schema"u8) is not null;
        }

        foreach (var message in messages.EnumerateArray())
        {
            foreach (var block in message.Items("content"u8))
            {
                if (block.Is("type"u8, "tool_use"u8) || block.Is("type"u8, "tool_result"u8) || block.Member("cache_control"u8) is not null)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool HasResponsesMember(JsonElement body) =>
        body.Member("instructions"u8) is not null || body.Member("store"u8) is not null || body.Member("reasoning"u8) is not null
        || body.Member("include"u8) is not null || body.Member("previous_response_id"u8) is not null;
}
