namespace Lethe.Capture.Exchanges;

/// <summary>
/// A body of a journal, and how much of it is an earlier body's beginning: the same bytes at the same place, not bytes that look alike. Only what is
/// behind them was read. Thread-safe.
/// </summary>
/// <param name="read">Reads so many bytes from an offset on, on any thread.</param>
public sealed class GrownBody(GrownBody.Origin origin, ReadOnlyMemory<byte> rest, Func<int, int, byte[]> read)
{
    /// <summary>Where a body comes from.</summary>
    /// <param name="Id">Names the body; never given twice by one process.</param>
    /// <param name="Earlier">The <paramref name="Id"/> of the body that it begins like; 0 where there is none.</param>
    /// <param name="RepeatedBytes">How many of its first bytes are that one's.</param>
    public readonly record struct Origin(long Id, long Earlier, int RepeatedBytes);

    private volatile Run run = new(origin.RepeatedBytes, rest);

    public Origin From => origin;

    public int Length => origin.RepeatedBytes + rest.Length;

    /// <summary>All of it; read when it is first asked for.</summary>
    public ReadOnlyMemory<byte> Whole => Behind(0);

    /// <summary>What stands from an offset on. What is repeated is read for it, once.</summary>
    public ReadOnlyMemory<byte> Behind(int offset)
    {
        var known = run;
        if (offset < known.Offset)
        {
            run = known = new Run(offset, (byte[])[.. read(offset, origin.RepeatedBytes - offset), .. rest.Span]);
        }

        return known.Bytes[(offset - known.Offset)..];
    }

    private sealed record Run(int Offset, ReadOnlyMemory<byte> Bytes);
}
