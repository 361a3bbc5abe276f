namespace Lethe.Capture.Turns;

/// <summary>Tells from a tool's outcome that it never came to its end: a person stopped it, or would not have it run. No dialect has a field for it.</summary>
internal static class Cancellation
{
    // What agents write in the place of an output.
    private static readonly string[] Beginnings =
    [
        "[Request interrupted by user",
        "The user doesn't want to proceed with this tool use",
        "The user doesn't want to take this action right now",
        "The user rejected",
        "The user denied this operation",
        "The user has declined to run",
        "Tool execution aborted",
        "Tool execution canceled",
        "Tool execution cancelled",
        "Tool call cancelled",
        "Tool call canceled",
        "User did not allow tool call",
        "User denied permission",
        "[Operation Cancelled]",
        "Operation aborted",
        "Operation cancelled",
        "Command aborted",
        "aborted by user",
    ];

    private static readonly string[] Words = ["aborted", "cancelled", "canceled", "interrupted"];

    public static bool IsTold(string? output)
    {
        var text = output.AsSpan().Trim();
        foreach (var beginning in Beginnings)
        {
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        foreach (var word in Words)
        {
            if (text.TrimEnd('.').Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
