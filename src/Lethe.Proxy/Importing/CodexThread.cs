using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// The thread that a rollout of Codex tells. What goes into a call and what comes out of it are items one after the other; a call ends where its usage is told:
/// by a record of its own with the answer's id, in older releases by a count of tokens, which is also told where nothing was called.
/// </summary>
internal sealed class CodexThread
{
    private const string Harness = "codex";

    private static readonly string[] Outputs = ["reasoning", "function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call", "image_generation_call"];

    private readonly List<byte[]> output = [];
    private PendingPrompt input = new();
    private PendingPrompt next = new();
    private string? thread;
    private string? root;
    private string? parent;
    private string? forkedFrom;
    private string? version;
    private string? originator;
    private string? cwd;
    private string? model;
    private string? turn;
    private string? total;
    private long historyEnd;
    private bool isReplaying;
    private bool hasRecords;
    private DateTimeOffset beganAt;
    private DateTimeOffset? askedAt;
    private DateTimeOffset? answeredAt;

    /// <summary>The call that ends with a line, if one does.</summary>
    public ImportItem? Read(long place, JsonElement line)
    {
        if (line.Field("payload") is not { ValueKind: JsonValueKind.Object } payload || RetoldCall.Time(line) is not { } at)
        {
            return ImportItem.Faulty(place, ImportItem.BadField);
        }

        var type = RetoldCall.Word(line, "type");
        if (type == "session_meta")
        {
            Meet(payload, at);
        }

        if (thread is null)
        {
            return type is "session_meta" ? ImportItem.Faulty(place, ImportItem.BadField) : null;
        }

        isReplaying &= IsHistory(line, at);
        switch (type)
        {
            case "turn_context":
                (model, turn, cwd) = (RetoldCall.Word(payload, "model") ?? model, RetoldCall.Word(payload, "turn_id") ?? turn, Directory(payload) ?? cwd);
                return null;
            case "response_item" when !isReplaying:
                Take(payload, at);
                return null;
            case "compacted" when !isReplaying:
                Compact(payload, at);
                return null;
            case "token_usage_record" when !isReplaying:
                hasRecords = true;
                return Close(place, payload, payload.Field("usage"), RetoldCall.Word(payload, "response_id"), at);
            case "event_msg" when RetoldCall.Word(payload, "type") == "token_count" && !hasRecords:
                return Count(place, payload, at);
            default:
                return null;
        }
    }

    // The first tells of this thread; those behind it come with what a fork was given of its parent.
    private void Meet(JsonElement meta, DateTimeOffset at)
    {
        if (thread is not null)
        {
            isReplaying |= RetoldCall.Word(meta, "id") != thread;
            return;
        }

        thread = RetoldCall.Word(meta, "id");
        root = RetoldCall.Word(meta, "session_id") ?? thread;
        parent = RetoldCall.Word(meta, "parent_thread_id");
        forkedFrom = RetoldCall.Word(meta, "forked_from_id");
        version = RetoldCall.Word(meta, "cli_version") ?? "0";
        originator = RetoldCall.Word(meta, "originator") ?? "codex_cli_rs";
        cwd = Directory(meta);
        beganAt = at;
        historyEnd = meta.Field("subagent_history_start_ordinal") is { ValueKind: JsonValueKind.Number } start && start.TryGetInt64(out var ordinal) ? ordinal : -1;
        isReplaying = historyEnd > 0;
    }

    // Older releases do not tell where it ends: a fork is given its history in one moment.
    private bool IsHistory(JsonElement line, DateTimeOffset at) =>
        historyEnd >= 0 && line.Field("ordinal") is { ValueKind: JsonValueKind.Number } place && place.TryGetInt64(out var ordinal)
            ? ordinal < historyEnd
            : at.ToUnixTimeSeconds() == beganAt.ToUnixTimeSeconds();

    private void Take(JsonElement item, DateTimeOffset at)
    {
        var type = RetoldCall.Word(item, "type") ?? "";
        if (Outputs.Contains(type) || (type == "message" && RetoldCall.Word(item, "role") == "assistant"))
        {
            output.Add(RetoldCall.Raw(item));
            answeredAt = at;
        }
        else
        {
            Ask(RetoldCall.Raw(item), at);
        }
    }

    private void Ask(byte[] item, DateTimeOffset at)
    {
        var into = output.Count > 0 ? next : input;
        into.Add(item);
        askedAt = output.Count > 0 ? askedAt : at;
    }

    // The summary is what the next call begins with.
    private void Compact(JsonElement compacted, DateTimeOffset at)
    {
        if (compacted.Field("message") is { ValueKind: JsonValueKind.String } summary)
        {
            Ask(
                RetoldCall.Json(json =>
                {
                    json.WriteString("type", "message");
                    json.WriteString("role", "user");
                    json.WritePropertyName("content");
                    json.WriteRawValue(RetoldCall.Raw(summary), skipInputValidation: true);
                }),
                at);
        }
    }

    // A count that is no other than the last tells of no call.
    private ImportItem? Count(long place, JsonElement payload, DateTimeOffset at)
    {
        if (payload.Field("info") is not { ValueKind: JsonValueKind.Object } info || info.Field("total_token_usage") is not { ValueKind: JsonValueKind.Object } all)
        {
            return null;
        }

        var before = total;
        total = all.GetRawText();
        return isReplaying || total == before ? null : Close(place, payload, info.Field("last_token_usage"), null, at);
    }

    private ImportItem Close(long place, JsonElement payload, JsonElement? usage, string? answerId, DateTimeOffset at)
    {
        var (asked, ended) = (askedAt ?? answeredAt ?? at, at);
        turn = RetoldCall.Word(payload, "turn_id") ?? turn;
        var call = new RetoldCall(Harness)
        {
            Path = "/v1/responses",
            Provider = "openai",
            At = asked < ended ? asked : ended,
            EndedAt = ended,
            AnswerId = answerId,
            Identity = answerId is null ? [thread!, at.UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture), total ?? ""] : [answerId],
            Headers = Headers(),
            Request = RetoldCall.Json(json =>
            {
                json.WriteString("model", model ?? "unknown");
                RetoldCall.WriteList(json, "input", input.Take());
            }),
            Response = Answer(answerId, usage),
        };
        (input, next) = (next, input);
        output.Clear();
        (askedAt, answeredAt) = (input.Count > 0 ? at : null, null);
        return ImportItem.Of(place, call.ToExchange());
    }

    private List<HeaderField> Headers()
    {
        var about = RetoldCall.Json(json =>
        {
            json.WriteString("turn_id", turn);
            json.WriteString("request_kind", "turn");
            if (forkedFrom is not null && root == thread)
            {
                json.WriteString("forked_from_thread_id", forkedFrom);
            }
        });
        return
        [
            .. RetoldCall.Header("user-agent", $"{(originator!.StartsWith("codex", StringComparison.Ordinal) ? originator : "codex_cli_rs")}/{version}"),
            .. RetoldCall.Header("originator", originator),
            .. RetoldCall.Header("session-id", root),
            .. RetoldCall.Header("thread-id", thread),
            .. RetoldCall.Header("x-codex-parent-thread-id", root == thread ? null : parent),
            new HeaderField("x-codex-turn-metadata", System.Text.Encoding.UTF8.GetString(about)),
            .. RetoldCall.Cwd(cwd),
        ];
    }

    private byte[] Answer(string? id, JsonElement? usage) => RetoldCall.Json(json =>
    {
        if (id is not null)
        {
            json.WriteString("id", id);
        }

        json.WriteString("object", "response");
        json.WriteString("status", "completed");
        json.WriteString("model", model ?? "unknown");
        RetoldCall.WriteList(json, "output", output);
        if (usage is { ValueKind: JsonValueKind.Object } told)
        {
            WriteUsage(json, told);
        }
    });

    private static void WriteUsage(Utf8JsonWriter json, JsonElement told)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", Tokens(told, "input_tokens"));
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", Tokens(told, "cached_input_tokens"));
        json.WriteEndObject();
        json.WriteNumber("output_tokens", Tokens(told, "output_tokens"));
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", Tokens(told, "reasoning_output_tokens"));
        json.WriteEndObject();
        json.WriteNumber("total_tokens", Tokens(told, "total_tokens"));
        json.WriteEndObject();
    }

    private static long Tokens(JsonElement told, string name) =>
        told.IsCount(name) && told.Field(name) is { } count ? count.GetInt64() : 0;

    private static string? Directory(JsonElement told) => told.TryText("cwd", 4096, out var directory) ? directory : null;
}
