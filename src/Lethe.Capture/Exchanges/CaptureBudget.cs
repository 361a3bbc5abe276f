namespace Lethe.Capture.Exchanges;

/// <summary>How many bytes of captures may wait for the disk, over all calls. Taking never waits; who is refused keeps less.</summary>
public sealed class CaptureBudget(long bytesMax)
{
    private long held;

    public long HeldBytes => Volatile.Read(ref held);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= bytesMax)
        {
            return true;
        }

        Interlocked.Add(ref held, -bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref held, -bytes);
}
