namespace Lethe.Capture.Redaction;

/// <summary>A line of a stream that waits until all of its text can be told.</summary>
/// <param name="bytes">The line with its end.</param>
internal sealed class HeldLine(byte[] bytes)
{
    private readonly List<(int Start, int Length, byte[] Mark)> edits = [];

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>How many bytes of its deltas wait.</summary>
    public int Waiting { get; set; }

    public void Edit(int start, int length, ReadOnlySpan<byte> mark) => edits.Add((start, length, mark.ToArray()));

    /// <summary>The line with its marks.</summary>
    public byte[] Written()
    {
        if (edits.Count == 0)
        {
            return bytes;
        }

        edits.Sort((one, other) => one.Start.CompareTo(other.Start));
        List<byte> written = new(bytes.Length);
        var at = 0;
        foreach (var (start, length, mark) in edits)
        {
            written.AddRange(bytes.AsSpan(at, start - at));
            written.AddRange(mark);
            at = start + length;
        }

        written.AddRange(bytes.AsSpan(at));
        return [.. written];
    }
}
