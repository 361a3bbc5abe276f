namespace Lethe.Proxy.Reading;

/// <summary>What becomes of a session, by how long it has said nothing.</summary>
internal static class SessionState
{
    public const string Running = "running";
    public const string Waiting = "waiting";
    public const string Idle = "idle";
    public const string Ended = "ended";
    public const string Named = "named";

    private static readonly TimeSpan RunningMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan IdleMin = TimeSpan.FromHours(12);

    /// <param name="isPlaceholder">It was named by another session, and nothing of it was heard.</param>
    /// <param name="lastSeen">Null where nothing was heard.</param>
    /// <param name="endsSaid">Its last answer asks for no tool, so its user is to go on.</param>
    public static string Of(bool isPlaceholder, DateTimeOffset? lastSeen, bool endsSaid, TimeProvider time)
    {
        var silent = lastSeen is { } last ? time.GetUtcNow() - last : TimeSpan.MaxValue;
        return isPlaceholder ? Named
            : silent < RunningMax ? Running
            : silent > IdleMin ? Ended
            : endsSaid ? Waiting
            : Idle;
    }
}
