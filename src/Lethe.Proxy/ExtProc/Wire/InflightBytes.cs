namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>What all streams of the door hold of their calls' bodies: messages that have not come whole, answers that have not left.</summary>
internal sealed class InflightBytes(long bytesMax)
{
    private long held;

    public long Held => Interlocked.Read(ref held);

    /// <summary>Counts bytes that are there, whatever the bound says. False when it is passed now.</summary>
    public bool Add(long bytes) => Interlocked.Add(ref held, bytes) <= bytesMax;
}
