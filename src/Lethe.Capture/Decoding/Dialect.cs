using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>The language of an API call's bodies.</summary>
internal enum Dialect
{
    /// <summary>Named, but nothing is said in it: health probes, model lists, files, batches.</summary>
    None,
    AnthropicMessages,
    OpenAIChat,
    OpenAICompletions,
    OpenAIResponses,

    /// <summary>A count or a vector comes back, no reply: count_tokens, input_tokens, embeddings.</summary>
    UsageOnly,

    /// <summary>A known API that no decoder here speaks.</summary>
    Unsupported,
}

/// <summary>What a call's path (or, failing that, its body) says it is.</summary>
/// <param name="Name">As in the exchange record: <c>messages</c>, <c>chat_completions</c>, <c>responses</c>, …</param>
internal readonly record struct Endpoint(string Name, Operation Operation, Dialect Dialect)
{
    public static readonly Endpoint Messages = new("messages", Operation.Chat, Dialect.AnthropicMessages);
    public static readonly Endpoint ChatCompletions = new("chat_completions", Operation.Chat, Dialect.OpenAIChat);
    public static readonly Endpoint Completions = new("completions", Operation.Completion, Dialect.OpenAICompletions);
    public static readonly Endpoint Responses = new(EndpointNames.Responses, Operation.Chat, Dialect.OpenAIResponses);

    /// <summary>An answer that the Responses API keeps is asked for again.</summary>
    public static readonly Endpoint ResponsesGet = new(EndpointNames.ResponsesGet, Operation.Other, Dialect.OpenAIResponses);

    public static Endpoint Other(string name) => new(name, Operation.Other, Dialect.None);

    public static Endpoint Unsupported(string name) => new(name, Operation.Other, Dialect.Unsupported);
}
