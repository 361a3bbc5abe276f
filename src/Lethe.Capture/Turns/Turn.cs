using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Turns;

/// <summary>The kind of work a call asked for; only chat and completion calls are turns of a conversation.</summary>
public enum Operation
{
    Other,
    Chat,
    Completion,
    Embeddings,
    CountTokens,
    Rerank,
}

/// <summary>Names of endpoints that mean something beside the dialect that they speak.</summary>
public static class EndpointNames
{
    public const string Responses = "responses";

    public const string Messages = "messages";

    /// <summary>An answer that the Responses API keeps is asked for again.</summary>
    public const string ResponsesGet = "responses_get";

    /// <summary>The work on an answer that the Responses API keeps is to end; what there is of it comes back.</summary>
    public const string ResponsesCancel = "responses_cancel";

    public const string Interactions = "interactions";

    /// <summary>An answer that the Interactions API keeps is asked for again.</summary>
    public const string InteractionsGet = "interactions_get";

    /// <summary>The work on an answer that the Interactions API keeps is to end; what there is of it comes back.</summary>
    public const string InteractionsCancel = "interactions_cancel";

    public const string Realtime = "realtime";

    /// <summary>Gemini Live.</summary>
    public const string Live = "live";
}

/// <summary>What one exchange said, in one shape for all dialects. Unknown is null, never zero.</summary>
public sealed record Turn
{
    /// <summary>The vendor: <c>anthropic</c>, <c>openai</c>, <c>groq</c>, …</summary>
    public required string Provider { get; init; }

    /// <summary>The API called: <c>messages</c>, <c>chat_completions</c>, <c>responses</c>, <c>completions</c>, <c>embeddings</c>, …</summary>
    public required string Endpoint { get; init; }

    public required Operation Operation { get; init; }

    /// <summary>True when the reply came, or was asked for, as a stream of events.</summary>
    public bool Stream { get; init; }

    /// <summary>True when the vendor was asked to go on working though the client goes away (<c>background</c>).</summary>
    public bool Background { get; init; }

    public string? ModelRequested { get; init; }

    public string? ModelServed { get; init; }

    public string? ResponseId { get; init; }

    /// <summary>The vendor's own request id, from a response header or the body.</summary>
    public string? UpstreamRequestId { get; init; }

    /// <summary>The response, or interaction, that this request continues by id; its history is not in the request.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>The provider's own word.</summary>
    public string? StopReason { get; init; }

    /// <summary>What a refusal was for (Anthropic: <c>cyber</c>, …), the provider's own word; null where it told none.</summary>
    public string? Refusal { get; init; }

    public Usage? Usage { get; init; }

    /// <summary>What of <see cref="Usage"/> each result of a batch used, where the call fetched such results; else empty.</summary>
    public IReadOnlyList<BatchResult> Results { get; init; } = [];

    /// <summary>The word on price of the provider, else of the gateway before it, in nano-USD; null when neither gave one.</summary>
    public long? ReportedCostNanoUsd { get; init; }

    public ExchangeError? Error { get; init; }

    /// <summary>The prompt, oldest message first, as it stands in the request (top-level system prompts excluded).</summary>
    public IReadOnlyList<Message> Prompt { get; init; } = [];

    /// <summary>The reply, as the messages that a later prompt would repeat; empty when none came.</summary>
    public IReadOnlyList<Message> Reply { get; init; } = [];

    public string? ReplyText { get; init; }

    public string? ReplyReasoning { get; init; }

    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>Outcomes of tool calls that the request carries, and then those that the reply does, as messages carry them.</summary>
    public IReadOnlyList<ToolResult> ToolResults { get; init; } = [];

    /// <summary>The system prompt outside the chain, as canonical JSON; null when there is none.</summary>
    public byte[]? System { get; init; }

    /// <summary>SHA-256 of <see cref="System"/>.</summary>
    public byte[]? SystemSha256 { get; init; }

    /// <summary>The tool definitions, as canonical JSON; null when there are none.</summary>
    public byte[]? Tools { get; init; }

    /// <summary>SHA-256 of <see cref="Tools"/>.</summary>
    public byte[]? ToolsSha256 { get; init; }

    /// <summary>Where the request asks for its beginning to be cached: <c>tools.11:5m messages.78.0:1h</c>; null when nowhere.</summary>
    public string? CacheMarks { get; init; }

    /// <summary>The first eight bytes of a hash of what else a vendor's cache depends on (thinking, the choice of tools); null when the request says nothing of it.</summary>
    public long? CacheParameters { get; init; }

    /// <summary>The vendor's own word on a cache that was missed; null when it gave none.</summary>
    public CacheDiagnosis? CacheDiagnosis { get; init; }

    /// <summary>True when the reply reached its own end (terminal event, or a whole document).</summary>
    public bool ReplyComplete { get; init; }

    /// <summary>True for a call of the Responses API, or of the Interactions API, that makes an answer.</summary>
    public bool MakesResponse => Endpoint is EndpointNames.Responses or EndpointNames.Interactions;

    /// <summary>True for a call that one of these APIs answers with an answer that it keeps.</summary>
    public bool AsksForResponse => Endpoint is EndpointNames.ResponsesGet or EndpointNames.ResponsesCancel or EndpointNames.InteractionsGet or EndpointNames.InteractionsCancel;

    /// <summary>True for a call inside a connection for as long as which the vendor keeps what was said.</summary>
    public bool IsInConversation => Endpoint is EndpointNames.Realtime or EndpointNames.Live;

    /// <summary>True when the vendor took the call and answers later (a background call): the answer is to be asked for by its id.</summary>
    public bool IsDeferred => Operation == Operation.Chat && Reply.Count == 0 && !ReplyComplete && !Stream && StopReason is "queued" or "in_progress";

    /// <summary>True when the answer, or the rest of it, can be asked for by its id.</summary>
    public bool IsPromised => IsDeferred || (MakesResponse && Background && !ReplyComplete);

    /// <summary>True when a kept answer will not grow any more, be it whole or a failure.</summary>
    public bool IsSettled => ReplyComplete || StopReason is not (null or "queued" or "in_progress");
}

/// <summary>A tool the model asked for. Arguments are JSON text; when the model's text is not JSON, a JSON string of it.</summary>
public sealed record ToolCall(string? Id, string Name, string ArgumentsJson);

/// <summary>What a tool gave back, as a message carries it.</summary>
public sealed record ToolResult(string Id, bool IsError)
{
    private readonly Func<string?>? reader;
    private readonly string? output;

    public ToolResult(string id, bool isError, string? output)
        : this(id, isError) => this.output = output;

    /// <summary>An outcome whose words are read when they are asked for.</summary>
    internal ToolResult(string id, bool isError, Func<string?> reader)
        : this(id, isError) => this.reader = reader;

    public string? Output => reader is null ? output : reader();

    /// <summary>The place of the message that carries it, prompt and reply counted through from 0; null when nobody tells it.</summary>
    public int? Message { get; init; }

    /// <summary>True when the tool was stopped, or not allowed to run, by a person.</summary>
    public bool IsCancelled => Cancellation.IsTold(Output);

    public bool Equals(ToolResult? other) => other is not null && Id == other.Id && IsError == other.IsError && Output == other.Output;

    public override int GetHashCode() => HashCode.Combine(Id, IsError);
}

/// <summary>A failure told by the provider or the transport. Phase is <c>http</c>, <c>body</c>, <c>stream</c> or <c>transport</c>.</summary>
public sealed record ExchangeError(string Phase, string? Type, string? Code, string? Message);
