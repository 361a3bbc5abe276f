namespace Lethe.Ingest.Meaning;

/// <summary>What an exchange's row loses with what was said, in every store. Ids, times, models, tokens and money stay.</summary>
internal static class ForgottenWords
{
    public const string Said = "root = NULL, leaf = NULL, system = NULL, tools = NULL, reply_text = NULL, reply_reasoning = NULL, reply_tools = NULL, usage_reported = NULL";

    /// <summary>What somebody may have worded, or by which words could be known again; goes where nothing is to stay but the bare facts.</summary>
    public const string Worded = "path = '', project = NULL, client_key = NULL, stop_reason = NULL, request_sha256 = NULL, response_sha256 = NULL";
}
