namespace Lethe.Proxy.Tests.Page;

/// <summary>The system's clock, put forward by whatever a test lets pass: a day's work is recorded in a second.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long passed;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref passed));

    public override long GetTimestamp() => System.GetTimestamp() + (Interlocked.Read(ref passed) * (System.TimestampFrequency / TimeSpan.TicksPerSecond));

    public override long TimestampFrequency => System.TimestampFrequency;

    public void Pass(TimeSpan time) => Interlocked.Add(ref passed, time.Ticks);
}
