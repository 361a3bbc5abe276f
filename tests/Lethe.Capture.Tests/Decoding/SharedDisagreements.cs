namespace Lethe.Capture.Tests.Decoding;

/// <summary>Where the record, looked at, says otherwise than the second decoder.</summary>
internal static class SharedDisagreements
{
    private static readonly (string Id, string Fields, string Why)[] Known =
    [
        ("56b798c1909b", "reasoning_tokens", "thoughts stand only in the total, and the other decoder does not look there"),
        ("5ef563928888", "reasoning_tokens", "thoughts stand only in the total, and the other decoder does not look there"),
        ("61553078ebd2", "tool_calls", "the function_call object is empty: no call was made"),
        ("ae9647f23090", "error", "a document that is no completion: what it says instead is told as an error"),
        ("506fb46b8086", "error", "the last event tells why the generation failed"),
        ("6ef6ad8d4168", "error", "the last event tells why the generation failed"),
        ("c544b7583339", "error", "a refusal in plain words, which the other decoder does not read"),
    ];

    /// <summary>
    /// There is nothing to compare with: a byte order mark opens the stream, and the other decoder read no event of it (the first seven); it knows nothing of the model's language, of
    /// legacy completions, of batches' results or of rankings (the next nine); or several whole answers lie behind one another in one recording, of which it tells the
    /// second text twice and counts the last alone, where all were paid (the last three).
    /// </summary>
    public static readonly HashSet<string> Unread =
    [
        "d45b944227e3", "9d490334b44a", "c1d47f67c2dc", "4a5d6c25f0c4", "aa6488537e34", "7cba8641be69", "cde58e6333f2",
        "64210ce0a5dc", "01e4dd6b4819", "31cd1b7b84d7", "751fb0779b59", "b3b76f380e5a", "416077ce97da", "8c88552092a9", "738e19059d30", "159a7b49ee71",
        "60ad386fa7ab", "0bc5c2cc1dda", "3dbc18fa6336",
    ];

    /// <summary>All of the table, so that what no longer differs does not stay in it.</summary>
    public static IEnumerable<(string Id, string Field)> Listed() => Known.SelectMany(known => known.Fields.Split(' ').Select(field => (known.Id, field)));

    public static bool Explains(string id, string field) =>
        Known.Any(known => known.Id == id && known.Fields.Split(' ').Contains(field, StringComparer.Ordinal));
}
