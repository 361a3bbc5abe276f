namespace Lethe.Capture;

/// <summary>What of a path only says how the answer is to be carried: the same call is made again without a stream when a stream has broken.</summary>
internal static class AnswerCarriage
{
    private const string ServerSentEvents = "alt=sse";

    private static readonly (string Streamed, string Whole)[] Ends =
    [
        (":streamGenerateContent", ":generateContent"),
        (":streamRawPredict", ":rawPredict"),
        ("/converse-stream", "/converse"),
        ("/invoke-with-response-stream", "/invoke"),
    ];

    /// <summary>The path, with its query, as the same call has it that asks for a whole document.</summary>
    public static string WithoutStream(string path)
    {
        var at = path.IndexOf('?', StringComparison.Ordinal);
        var (call, query) = at < 0 ? (path, "") : (path[..at], path[(at + 1)..]);
        foreach (var (streamed, whole) in Ends)
        {
            if (call.EndsWith(streamed, StringComparison.OrdinalIgnoreCase))
            {
                call = call[..^streamed.Length] + whole;
                break;
            }
        }

        var kept = string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ServerSentEvents));
        return kept.Length == 0 ? call : $"{call}?{kept}";
    }
}
