namespace Lethe.Ingest.Reading;

/// <summary>What became of a tool call, in words, and how long that took.</summary>
public static class ToolStatus
{
    public const string Ok = "ok";
    public const string Error = "error";
    public const string Cancelled = "cancelled";

    /// <summary>Nobody has answered yet.</summary>
    public const string Pending = "pending";

    /// <summary>The conversation went on, and nobody answered.</summary>
    public const string Orphaned = "orphaned";

    public static IReadOnlyList<string> All { get; } = [Ok, Error, Cancelled, Pending, Orphaned];

    internal static string Of(long? isError, long? isCancelled) => isCancelled > 0 ? Cancelled : isError > 0 ? Error : Ok;

    /// <summary>Milliseconds from the end of the answer that asked to the request that told the outcome; a tool that runs while the answer goes on takes none.</summary>
    internal static double? Latency(long? askedUntil, long? answeredAt) =>
        askedUntil is { } from && answeredAt is { } to ? Math.Max(0, to - from) / 1000.0 : null;
}
