namespace Lethe.Ingest.Journaling;

/// <summary>
/// Lines that are not in the file yet. What a line's range commits to is computed beside, so each has room for that and for its seal, and gets them once
/// they are wanted. Not thread-safe.
/// </summary>
internal sealed class UnsealedLines : IDisposable
{
    private readonly LineBuffer text = new();
    private readonly RangeCommits commits = new();
    private readonly List<UnsealedLine> unsealed = [];
    private readonly byte[] lastSeal = new byte[JournalLine.SealBytes];

    /// <summary>How many have no seal yet.</summary>
    public int Count => unsealed.Count;

    /// <summary>Bytes of all lines.</summary>
    public int Length => text.Length;

    public ReadOnlySpan<byte> LastSeal => lastSeal;

    /// <summary>The next line follows this seal.</summary>
    public void Follow(ReadOnlySpan<byte> seal) => seal.CopyTo(lastSeal);

    /// <summary>Adds a line and tells how long it is.</summary>
    /// <param name="data">Writes its data; that of a call with a range as <see cref="CallText"/> does.</param>
    /// <param name="range">What it wrote, the salt first; null when it wrote nothing.</param>
    public int Add(long sequence, long behind, LineKind kind, Action<LineBuffer> data, ReadOnlyMemory<byte>[]? range)
    {
        var start = text.Length;
        JournalLine.WritePrefix(text, sequence, behind, kind);
        data(text);
        JournalLine.WriteEnd(text);
        var length = text.Length - start;
        var commit = range is null ? null : new RangeCommit(range, length - JournalLine.EndBytes - CallText.CommitBytesFromEnd);
        unsealed.Add(new UnsealedLine(start, length, commit));
        if (commit is not null)
        {
            commits.Add(commit);
        }

        return length;
    }

    /// <summary>Ends every line with what it commits to and with its seal, and shows them all.</summary>
    public ReadOnlyMemory<byte> Seal()
    {
        commits.Complete();
        foreach (var line in unsealed)
        {
            var whole = text.Span.Slice(line.Start, line.Length);
            if (line.Range is { } range)
            {
                Convert.TryToHexStringLower(range.Commit, whole[range.TextAt..], out _);
            }

            JournalLine.Seal(lastSeal, whole[..^JournalLine.EndBytes], lastSeal);
            JournalLine.WriteSeal(lastSeal, whole);
        }

        unsealed.Clear();
        return text.Written;
    }

    /// <summary>Takes back the lines behind the first so many, none of which has its seal yet.</summary>
    public void Truncate(int count, int length)
    {
        text.Truncate(length);
        unsealed.RemoveRange(count, unsealed.Count - count);
    }

    /// <summary>Forgets every line; nothing of their ranges is read any more.</summary>
    public void Clear()
    {
        commits.Drop();
        unsealed.Clear();
        text.Clear();
    }

    public void Dispose()
    {
        commits.Dispose();
        text.Dispose();
    }

    private readonly record struct UnsealedLine(int Start, int Length, RangeCommit? Range);
}
