namespace Lethe.Proxy.Importing;

/// <summary>What was said since the last call, oldest first; of more than a prompt can hold the newest.</summary>
internal sealed class PendingPrompt
{
    private const long BytesMax = 32 * 1024 * 1024;

    private readonly Queue<byte[]> items = new();
    private long bytes;

    public int Count => items.Count;

    public void Add(byte[] item)
    {
        items.Enqueue(item);
        bytes += item.Length;
        while (bytes > BytesMax)
        {
            bytes -= items.Dequeue().Length;
        }
    }

    public byte[][] Take()
    {
        byte[][] all = [.. items];
        items.Clear();
        bytes = 0;
        return all;
    }
}
