namespace Lethe.Ingest.Journaling;

/// <summary>Bytes that more than one holds, given back once the last of them lets go. Whoever makes it holds it. Thread-safe.</summary>
/// <param name="giveBack">Null where the collector takes them.</param>
internal sealed class SharedBytes(ReadOnlyMemory<byte> bytes, Action<ReadOnlyMemory<byte>>? giveBack = null)
{
    private int holders = 1;

    /// <summary>Not to be read by anybody who does not hold it.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    public void Hold() => Interlocked.Increment(ref holders);

    public void LetGo()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            giveBack?.Invoke(bytes);
        }
    }
}
