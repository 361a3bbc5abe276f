namespace Lethe.Ingest.Journaling;

/// <summary>The requests of one segment that later lines of it repeat; the last ones are kept, for they are asked for again. Not thread-safe.</summary>
internal sealed class EarlierRequests(long segment, Func<JournalPosition, ReadOnlyMemory<byte>?> read)
{
    private const int KeptMax = 16;

    private readonly List<(JournalPosition At, ReadOnlyMemory<byte>? Request)> kept = [];

    public long Segment => segment;

    /// <summary>The request of the line at a position; null when nobody asked for bodies. Throws <see cref="FormatException"/> when the line holds none in full.</summary>
    public ReadOnlyMemory<byte>? Find(JournalPosition at)
    {
        var known = kept.FindIndex(request => request.At == at);
        var found = known >= 0 ? kept[known] : (At: at, Request: read(at));
        if (known >= 0)
        {
            kept.RemoveAt(known);
        }
        else if (kept.Count == KeptMax)
        {
            kept.RemoveAt(0);
        }

        kept.Add(found);
        return found.Request;
    }
}
