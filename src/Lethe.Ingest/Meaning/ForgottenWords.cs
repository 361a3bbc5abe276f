namespace Lethe.Ingest.Meaning;

/// <summary>What an exchange's row loses with what was said. Ids, times, models, tokens and money stay.</summary>
internal static class ForgottenWords
{
    public const string Expired = "expired";
    public const string Erased = "erased";

    /// <summary>The columns, in every store. Hashes go too: who guesses the words could know them again.</summary>
    public const string Columns =
        "root = NULL, leaf = NULL, system = NULL, tools = NULL, request_sha256 = NULL, response_sha256 = NULL, error = NULL, usage_reported = NULL, "
        + "prompt_id = NULL, reply_text = NULL, reply_reasoning = NULL, reply_tools = NULL";

    /// <summary>Holds for exchanges of which words are held.</summary>
    public const string AreHeld = "content NOT IN ('expired', 'erased')";
}
