namespace Lethe.Capture.Repeats;

/// <summary>The list of messages of a body, as far as the body was looked at.</summary>
/// <param name="Bytes">The body from <paramref name="Offset"/> on, without blanks around it.</param>
/// <param name="Start">Where the list begins in the body, behind its bracket.</param>
internal sealed record HistoryReading(string Dialect, ReadOnlyMemory<byte> Bytes, int Offset, int Start, Repeat Repeat)
{
    /// <summary>True where the journal's bytes are others: blanks stand before the body, or it was coded.</summary>
    public bool IsDecoded { get; init; }

    /// <summary>Where reading began, when it did not at the beginning.</summary>
    public ResumePoint? Resumed { get; init; }
}
