using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// One conversation inside a Claude Code transcript: the session's own, or a sub-agent's. An answer takes several lines, one a block, between which the outcomes
/// of its first tools may stand already; it ends where the next answer begins.
/// </summary>
internal sealed class ClaudeThread(ClaudeAgent agent)
{
    private const string Harness = "claude-code";

    private readonly PendingPrompt prompt = new();
    private DateTimeOffset? promptAt;
    private string? promptId;
    private Answer? open;

    /// <summary>Words that the next call carries.</summary>
    public void Hear(JsonElement line)
    {
        promptId = RetoldCall.Word(line, "promptId") ?? promptId;
        promptAt = RetoldCall.Time(line) ?? promptAt;
        foreach (var message in Messages(line))
        {
            prompt.Add(message);
        }
    }

    /// <summary>A line of an answer; gives the call before, when this one begins another.</summary>
    public ImportItem? Answered(long place, JsonElement line, JsonElement message, DateTimeOffset at)
    {
        ImportItem? before = null;
        var (id, request) = (RetoldCall.Word(message, "id"), RetoldCall.Word(line, "requestId"));
        if (open is null || open.Id != id || open.RequestId != request)
        {
            before = Close();
            open = new Answer(place, id, request, line, message, at, prompt.Take(), promptAt, promptId);
            promptAt = null;
        }

        open.Add(message, at);
        return before;
    }

    /// <summary>Nothing more comes, or nothing for now: an answer of which the end is not told is left for later, unless it is an old one.</summary>
    public ImportItem? End(DateTimeOffset settledBefore) => open is { Stop: null } answer && answer.LastAt > settledBefore ? null : Close();

    private ImportItem? Close()
    {
        var answer = open;
        open = null;
        return answer is null ? null
            : answer.Session is { } session && answer.Id is not null ? ImportItem.Of(answer.Place, Call(answer, session).ToExchange())
            : ImportItem.Faulty(answer.Place, ImportItem.BadField);
    }

    private RetoldCall Call(Answer answer, string session) => new(Harness)
    {
        Path = "/v1/messages",
        Provider = "anthropic",
        At = answer.PromptAt is { } asked && asked < answer.At ? asked : answer.At,
        EndedAt = answer.LastAt,
        AnswerId = answer.Id,
        Identity = [answer.Id!, answer.RequestId ?? ""],
        Headers =
        [
            .. RetoldCall.Header("user-agent", $"claude-cli/{answer.Version} (external, {answer.Entrypoint})"),
            .. RetoldCall.Header("x-app", "cli"),
            .. RetoldCall.Header("x-claude-code-session-id", session),
            .. RetoldCall.Header("x-claude-code-agent-id", answer.Agent),
            .. RetoldCall.Header("x-claude-code-parent-agent-id", agent.Parent),
            .. RetoldCall.Header("x-claude-code-agent-type", answer.Agent is null ? null : agent.Type),
            .. RetoldCall.Header("x-claude-code-request-class", answer.Agent is null ? "main" : "subagent"),
            .. RetoldCall.Header("x-claude-code-prompt-id", answer.PromptId),
            .. RetoldCall.Cwd(answer.Cwd),
        ],
        ResponseHeaders = [.. RetoldCall.Header("request-id", answer.RequestId)],
        Request = RetoldCall.Json(json =>
        {
            json.WriteString("model", answer.Requested);
            RetoldCall.WriteList(json, "messages", answer.Prompt);
        }),
        Response = answer.ToJson(),
    };

    // What was put before the model beside what people and tools said stands in a line of its own, as it was rendered.
    private static IEnumerable<byte[]> Messages(JsonElement line)
    {
        if (line.Field("message") is { ValueKind: JsonValueKind.Object } message)
        {
            return message.Field("content") is null ? [] : [RetoldCall.Json(json => Write(json, RetoldCall.Word(message, "role") ?? "user", message))];
        }

        var role = RetoldCall.Word(line, "renderedRole") ?? "user";
        return line.Field("rendered") is { ValueKind: JsonValueKind.Array } rendered
            ? [.. rendered.EnumerateArray().Where(said => said.ValueKind == JsonValueKind.Object && said.Field("content") is not null).Select(said => RetoldCall.Json(json => Write(json, role, said)))]
            : [];
    }

    private static void Write(Utf8JsonWriter json, string role, JsonElement said)
    {
        json.WriteString("role", role);
        json.WritePropertyName("content");
        json.WriteRawValue(RetoldCall.Raw(said.Field("content")!.Value), skipInputValidation: true);
    }

    private sealed class Answer(
        long place, string? id, string? requestId, JsonElement line, JsonElement message, DateTimeOffset at, IReadOnlyList<byte[]> prompt, DateTimeOffset? promptAt, string? promptId)
    {
        private readonly List<byte[]> blocks = [];
        private byte[]? usage;

        public long Place { get; } = place;
        public string? Id { get; } = id;
        public string? RequestId { get; } = requestId;
        public DateTimeOffset At { get; } = at;
        public DateTimeOffset LastAt { get; private set; } = at;
        public IReadOnlyList<byte[]> Prompt { get; } = prompt;
        public DateTimeOffset? PromptAt { get; } = promptAt;
        public string? PromptId { get; } = promptId;

        // A fork copies the history under its own id, and tells whose call it was.
        public string? Session { get; } = RetoldCall.Word(line, "requestSessionId") ?? RetoldCall.Word(line, "sessionId");
        public string? Agent { get; } = RetoldCall.Word(line, "agentId");
        public string Version { get; } = RetoldCall.Word(line, "version") ?? "0";
        public string Entrypoint { get; } = RetoldCall.Word(line, "entrypoint") ?? "cli";
        public string? Cwd { get; } = line.TryText("cwd", 4096, out var cwd) ? cwd : null;
        public string Model { get; } = RetoldCall.Word(message, "model") ?? "unknown";
        public string Requested { get; } = RetoldCall.Word(line, "requestedModel") ?? RetoldCall.Word(message, "model") ?? "unknown";
        public string? Stop { get; private set; }

        public void Add(JsonElement message, DateTimeOffset at)
        {
            LastAt = at > LastAt ? at : LastAt;
            Stop = RetoldCall.Word(message, "stop_reason") ?? Stop;
            usage = message.Field("usage") is { ValueKind: JsonValueKind.Object } told ? RetoldCall.Raw(told) : usage;
            if (message.Field("content") is { ValueKind: JsonValueKind.Array } content)
            {
                blocks.AddRange(content.EnumerateArray().Select(RetoldCall.Raw));
            }
        }

        public byte[] ToJson() => RetoldCall.Json(json =>
        {
            json.WriteString("id", Id);
            json.WriteString("type", "message");
            json.WriteString("role", "assistant");
            json.WriteString("model", Model);
            RetoldCall.WriteList(json, "content", blocks);
            json.WriteString("stop_reason", Stop);
            if (usage is not null)
            {
                json.WritePropertyName("usage");
                json.WriteRawValue(usage, skipInputValidation: true);
            }
        });
    }
}
