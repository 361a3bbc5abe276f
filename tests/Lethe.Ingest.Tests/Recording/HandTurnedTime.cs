namespace Lethe.Ingest.Tests.Recording;

/// <summary>A clock whose one timer rings when the test says so, if it is set.</summary>
internal sealed class HandTurnedTime : TimeProvider
{
    private Action? bell;
    private volatile bool isSet;

    public bool IsSet => isSet;

    public void Ring()
    {
        if (isSet)
        {
            isSet = false;
            bell!();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        bell = () => callback(state);
        var timer = new Timer(this);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(HandTurnedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.isSet = dueTime != Timeout.InfiniteTimeSpan;
            return true;
        }

        public void Dispose() => time.isSet = false;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
