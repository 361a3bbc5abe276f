using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>Somebody who hands in what was captured elsewhere.</summary>
internal sealed class Producer(LetheUnderTest lethe)
{
    public const string Lines = "application/x-ndjson";

    public static JsonObject Payload(string session, string text, string? key = null, string harness = "claude", Action<JsonObject>? change = null)
    {
        var payload = new JsonObject
        {
            ["provider"] = "anthropic",
            ["request"] = new JsonObject
            {
                ["model"] = "claude-sonnet-4-5",
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
            },
            ["response"] = new JsonObject
            {
                ["model"] = "claude-sonnet-4-5",
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "ok: " + text }) },
                ["stop_reason"] = "end_turn",
                ["usage"] = new JsonObject { ["prompt_tokens"] = 12, ["completion_tokens"] = 8, ["cache_read_input_tokens"] = 10 },
            },
            ["session"] = new JsonObject { ["harness_id"] = harness, ["harness_session_id"] = session },
        };
        if (key is not null)
        {
            payload["commit_key"] = key;
        }

        change?.Invoke(payload);
        return payload;
    }

    public static string Event(string turn, string content = "hello", string session = "s-1", string more = "", string role = "user", int at = 1764230400) =>
        $$"""{"tool":"claude-code","host":"box-1","session_id":"{{session}}","turn_id":"{{turn}}","role":"{{role}}","timestamp":{{at}},"content":"{{content}}"{{more}}}""";

    public Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(JsonNode payload, string path = "/v1/ingest", string? token = null) => SendAsync(payload.ToJsonString(), "application/json", path, token);

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string body, string type, string path = "/v1/ingest", string? token = null)
    {
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var response = await lethe.Admin.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement);
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await lethe.Admin.GetStringAsync(path)).RootElement;

    public async Task<HttpStatusCode> AskAsync(string path)
    {
        using var response = await lethe.Admin.GetAsync(path);
        return response.StatusCode;
    }
}
