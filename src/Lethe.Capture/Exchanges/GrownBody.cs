namespace Lethe.Capture.Exchanges;

/// <summary>
/// A body of a journal, and how much of it is an earlier body's beginning: the same bytes at the same place, not bytes that look alike. Only what is
/// behind them was read, and a little before. Thread-safe.
/// </summary>
/// <param name="length">Of the whole body.</param>
/// <param name="last">The body's end, as much of it as was read.</param>
/// <param name="read">Reads so many bytes from an offset on, on any thread.</param>
public sealed class GrownBody(GrownBody.Origin origin, int length, ReadOnlyMemory<byte> last, Func<int, int, byte[]> read)
{
    /// <summary>Where a body comes from.</summary>
    /// <param name="Id">Names the body; never given twice by one process.</param>
    /// <param name="Earlier">The <paramref name="Id"/> of the body that it begins like; 0 where there is none.</param>
    /// <param name="RepeatedBytes">How many of its first bytes are that one's.</param>
    public readonly record struct Origin(long Id, long Earlier, int RepeatedBytes);

    private volatile Run run = new(length - last.Length, last);

    public Origin From => origin;

    public int Length => length;

    /// <summary>All of it; read when it is first asked for.</summary>
    public ReadOnlyMemory<byte> Whole => Behind(0);

    /// <summary>What stands from an offset on. What was not read yet is read for it, once.</summary>
    public ReadOnlyMemory<byte> Behind(int offset)
    {
        var known = run;
        if (offset < known.Offset)
        {
            run = known = new Run(offset, (byte[])[.. read(offset, known.Offset - offset), .. known.Bytes.Span]);
        }

        return known.Bytes[(offset - known.Offset)..];
    }

    /// <summary>Holds no bytes any more: what is asked for after this is read again.</summary>
    public void LetGo() => run = new Run(length, default);

    private sealed record Run(int Offset, ReadOnlyMemory<byte> Bytes);
}
