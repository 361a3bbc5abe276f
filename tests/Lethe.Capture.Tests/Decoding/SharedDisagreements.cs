namespace Lethe.Capture.Tests.Decoding;

/// <summary>Where the record, looked at, says otherwise than the second decoder.</summary>
internal static class SharedDisagreements
{
    private static readonly (string Id, string Fields, string Why)[] Known =
    [
        ("39451f824bdc", "cached_tokens", "more cached than prompt tokens: cut to the prompt and flagged"),
        ("af618c636d19", "cached_tokens", "more cached than prompt tokens: cut to the prompt and flagged"),
        ("69313bff3c16", "cached_tokens", "more cached than prompt tokens: cut to the prompt and flagged"),
        ("c00ecd8abe21", "reasoning_tokens", "more reasoning than completion tokens: cut to the completion and flagged"),
        ("279d52d89c7a", "reasoning_tokens", "more reasoning than completion tokens: cut to the completion and flagged"),
        ("ea0e81beea2f", "reasoning_tokens", "more reasoning than completion tokens: cut to the completion and flagged"),
        ("56b798c1909b", "completion_tokens reasoning_tokens", "thoughts stand only in the total: total less prompt is what was put out"),
        ("5ef563928888", "completion_tokens reasoning_tokens", "thoughts stand only in the total: total less prompt is what was put out"),
        ("d49c7c0c96ee", "prompt_tokens", "audio is counted beside the prompt, as the total shows"),
        ("0fe8f06484c2", "prompt_tokens", "audio is counted beside the prompt, as the total shows"),
        ("5922995bd374", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("bf866426e72e", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("8535bdcbd7cb", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("255c39aa0c8c", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("9a931b4afa8d", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("d089de4bf7d4", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("dc1df35405f0", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("dedd88f8f56b", "completion_tokens", "reasoning is counted beside the completion, as the total shows"),
        ("61553078ebd2", "tool_calls", "the function_call object is empty: no call was made"),
        ("ae9647f23090", "error", "a document that is no completion: what it says instead is told as an error"),
        ("60ad386fa7ab", "tool_calls text_sha256 text_len input_tokens output_tokens web_search_requests", "the same call once, and the call before it: blocks of three messages follow one another in one stream, and all are paid"),
        ("0bc5c2cc1dda", "text_sha256 text_len input_tokens output_tokens web_search_requests", "two messages follow one another in one stream: the other decoder has the second one's text twice and counts that one alone"),
        ("3dbc18fa6336", "text_sha256 text_len input_tokens output_tokens web_search_requests", "two messages follow one another in one stream: the other decoder has the second one's text twice and counts that one alone"),
        ("b29f35c81ed1", "id", "the other decoder reads no id of embeddings"),
        ("472c56f31315", "id", "an error has the request's id, which is no response's"),
        ("c66f5fd6b7be", "id", "an error has the request's id, which is no response's"),
        ("506fb46b8086", "error", "the last event tells why the generation failed"),
        ("6ef6ad8d4168", "error", "the last event tells why the generation failed"),
    ];

    /// <summary>
    /// A byte order mark opens these streams, and the other decoder read no event of them; or it knows nothing of the model's language (the last four). There is nothing to compare with.
    /// </summary>
    public static readonly HashSet<string> Unread =
    [
        "d45b944227e3", "9d490334b44a", "c1d47f67c2dc", "4a5d6c25f0c4", "aa6488537e34", "7cba8641be69", "cde58e6333f2",
        "64210ce0a5dc", "01e4dd6b4819", "31cd1b7b84d7", "751fb0779b59",
    ];

    public static bool Explains(string id, string field) =>
        Known.Any(known => known.Id == id && known.Fields.Split(' ').Contains(field, StringComparer.Ordinal));
}
