using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.IngestApi;

/// <summary>The tapes project's payload: a vendor's request, and its response as it came or as the producer has reduced it.</summary>
internal static class TurnPayload
{
    private const int PathCharsMax = 2048;

    private static readonly string[] Codings = ["identity", "gzip", "x-gzip", "deflate", "br", "zstd"];

    public static Reading Read(JsonElement payload, Owner owner)
    {
        if (!payload.TryText("provider", Fields.IdCharsMax, out var provider) || string.IsNullOrWhiteSpace(provider))
        {
            return Refusal.Malformed("missing_field", "provider: a vendor's name.");
        }

        if (payload.Field("request") is not { ValueKind: JsonValueKind.Object } request)
        {
            return Refusal.Malformed("missing_field", "request: the vendor's own JSON, an object.");
        }

        var meta = payload.Field("meta") ?? default;
        List<HeaderField> headers = [new("content-type", "application/json")];
        var refusal = SessionBlock.ForeignOrg(payload, owner) ?? SessionBlock.Read(payload, owner, headers);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!headers.Exists(header => header.Name == "x-lethe-thread-id") && meta.TryText("thread_id", Fields.IdCharsMax, out var thread) && !string.IsNullOrWhiteSpace(thread))
        {
            headers.Add(new HeaderField("x-lethe-thread-id", thread));
        }

        if (!payload.TryText("commit_key", Fields.IdCharsMax, out var key) || !meta.TryText("request_id", Fields.IdCharsMax, out var requestId))
        {
            return Refusal.Malformed("bad_key", $"commit_key, meta.request_id: text of at most {Fields.IdCharsMax} characters without control characters.");
        }

        return PathOf(provider, request, meta) is not { } path
            ? Refusal.Rule("unknown_provider", "provider: one whose API is known by its name, or meta.path tells the API.")
            : ReadResponse(payload, meta, new ExchangeHead
            {
                Door = Door.Ingest,
                Method = meta.TryText("method", 16, out var method) && !string.IsNullOrEmpty(method) ? method : "POST",
                Path = path,
                Provider = provider.Trim().ToLowerInvariant(),
                Headers = headers,
                CommitKey = string.IsNullOrWhiteSpace(key) ? string.IsNullOrWhiteSpace(requestId) ? null : requestId : key,
                CapturedAt = CapturedAt(meta),
                OrgId = owner.Org,
                AuthSubject = owner.Subject,
            }, Fields.Raw(request));
    }

    private static Reading ReadResponse(JsonElement payload, JsonElement meta, ExchangeHead head, byte[] request)
    {
        var status = meta.Field("upstream_status") is { ValueKind: JsonValueKind.Number } told && told.TryGetInt32(out var number) && number is >= 100 and <= 599 ? number : 200;
        List<HeaderField> headers = [];
        if (meta.TryText("upstream_request_id", Fields.IdCharsMax, out var upstream) && !string.IsNullOrWhiteSpace(upstream))
        {
            headers.Add(new HeaderField("request-id", upstream));
        }

        if (payload.Field("raw_response") is { } raw)
        {
            return ReadRaw(payload, meta, raw, new ProducedCall(head, request, status, headers, default));
        }

        if (payload.Field("response") is not { } response)
        {
            return meta.Field("upstream_status") is null
                ? Refusal.Malformed("missing_field", "response or raw_response: what the model answered; or meta.upstream_status.")
                : new ProducedCall(head, request, status, headers, default);
        }

        return BadReduction(response) is { } refusal
            ? refusal
            : new ProducedCall(head with { Kind = ProducedKind.Reduced }, request, status, [.. headers, new("content-type", "application/json")], Fields.Raw(response));
    }

    private static Reading ReadRaw(JsonElement payload, JsonElement meta, JsonElement raw, ProducedCall call)
    {
        if (raw.ValueKind != JsonValueKind.String || !raw.TryGetBytesFromBase64(out var bytes))
        {
            return Refusal.Rule("bad_base64", "raw_response: base64 of the bytes as they came.");
        }

        if (!payload.TryText("raw_response_encoding", Fields.IdCharsMax, out var coding) || !(coding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).All(IsKnown))
        {
            return Refusal.Rule("unknown_encoding", "raw_response_encoding: gzip, deflate, br, zstd or identity, several with commas between.");
        }

        List<HeaderField> headers = [.. call.ResponseHeaders];
        if (meta.TryText("content_type", Fields.IdCharsMax, out var type) && !string.IsNullOrWhiteSpace(type))
        {
            headers.Add(new HeaderField("content-type", type));
        }

        if (!string.IsNullOrWhiteSpace(coding))
        {
            headers.Add(new HeaderField("content-encoding", coding));
        }

        return call with { ResponseHeaders = headers, Response = bytes };
    }

    private static bool IsKnown(string coding) => Codings.Contains(coding, StringComparer.OrdinalIgnoreCase);

    private static Refusal? BadReduction(JsonElement response)
    {
        if (response.Field("message") is not { ValueKind: JsonValueKind.Object } message)
        {
            return Refusal.Rule("bad_response", "response.message: an object.");
        }

        if (!message.TryText("role", Fields.IdCharsMax, out var role) || string.IsNullOrEmpty(role))
        {
            return Refusal.Rule("bad_response", "response.message.role: not empty.");
        }

        // An answer without a block is legal at vendors.
        return message.Field("content") is { ValueKind: JsonValueKind.Array } content
            ? content.EnumerateArray().All(block => block.TryText("type", Fields.IdCharsMax, out var type) && !string.IsNullOrEmpty(type))
                ? null
                : Refusal.Rule("bad_response", "response.message.content: blocks, each with its type.")
            : message.Field("content") is null or { ValueKind: JsonValueKind.String } ? null : Refusal.Rule("bad_response", "response.message.content: a list of blocks.");
    }

    private static string? PathOf(string provider, JsonElement request, JsonElement meta)
    {
        if (meta.TryText("path", PathCharsMax, out var path) && path is ['/', ..])
        {
            var query = path.IndexOf('?', StringComparison.Ordinal);
            return query < 0 ? path : path[..query];
        }

        return provider.Trim().ToLowerInvariant() switch
        {
            "anthropic" => "/v1/messages",
            "openai-chatgpt" => "/v1/responses",
            "openai" or "openrouter" or "groq" or "deepseek" or "xai" or "mistral" or "azure-openai" =>
                request.Field("input") is not null ? "/v1/responses" : "/v1/chat/completions",
            "ollama" => "/api/chat",
            _ => null,
        };
    }

    private static DateTimeOffset? CapturedAt(JsonElement meta)
    {
        foreach (var field in (ReadOnlySpan<string>)["ts_request", "captured_at"])
        {
            if (meta.TryText(field, Fields.IdCharsMax, out var text) && text is not null
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            {
                return at;
            }
        }

        return null;
    }
}
