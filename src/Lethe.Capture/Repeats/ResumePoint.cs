using System.Security.Cryptography;

namespace Lethe.Capture.Repeats;

/// <summary>
/// How far a body was read to the end of a message: a later body that begins with the same bytes is read from there on. Where that is, all before it
/// is one JSON text that goes on, in valid UTF-8, and the list of messages is the one that counts.
/// </summary>
/// <param name="Key">Finds the conversation.</param>
/// <param name="Start">Where the list of messages begins in the body, behind its bracket.</param>
/// <param name="First">The body as far as it always stays in the document.</param>
/// <param name="Known">The messages before the point.</param>
/// <param name="Ends">Where each of them ends, behind the list's bracket.</param>
internal sealed record ResumePoint(long Key, string Dialect, int Start, ReadOnlyMemory<byte> First, KnownMessage Beginning, IReadOnlyList<KnownMessage> Known, IReadOnlyList<int> Ends)
{
    /// <summary>The objects, and a hash's state.</summary>
    private const int OverheadBytes = 1024;

    private const int MessageBytes = 12;

    private IncrementalHash? hash;

    /// <summary>The body's offset that reading goes on at.</summary>
    public int End => Start + Ends[^1];

    public long Bytes => OverheadBytes + First.Length + ((long)Known.Count * MessageBytes);

    /// <summary>Keeps a hash of all before the point. Once, before others know the point.</summary>
    public void Keep(IncrementalHash before) => hash = before.Clone();

    /// <summary>A hash of all before the point, to be gone on with; null when nobody kept one.</summary>
    public IncrementalHash? Hash()
    {
        if (hash is null)
        {
            return null;
        }

        lock (hash)
        {
            return hash.Clone();
        }
    }
}
