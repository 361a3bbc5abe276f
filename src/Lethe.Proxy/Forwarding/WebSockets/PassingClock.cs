namespace Lethe.Proxy.Forwarding.WebSockets;

/// <summary>Tells, while something is read that passed earlier, the time at which it passed; else the time as it is.</summary>
internal sealed class PassingClock(TimeProvider time) : TimeProvider
{
    private long passedAt;

    public override long TimestampFrequency => time.TimestampFrequency;

    /// <summary>What is read from now on passed then, a timestamp; 0 when nothing is read.</summary>
    public void Set(long timestamp) => Volatile.Write(ref passedAt, timestamp);

    public override long GetTimestamp() => Volatile.Read(ref passedAt) is not 0 and var passed ? passed : time.GetTimestamp();

    public override DateTimeOffset GetUtcNow()
    {
        var now = time.GetUtcNow();
        return Volatile.Read(ref passedAt) is not 0 and var passed ? now - time.GetElapsedTime(passed) : now;
    }
}
