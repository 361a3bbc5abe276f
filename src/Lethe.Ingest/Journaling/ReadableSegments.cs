namespace Lethe.Ingest.Journaling;

/// <summary>What of a journal may be read: all that is there, or, beside its writer, what is durable.</summary>
internal sealed class ReadableSegments(string directory, Func<JournalPosition>? writtenTo)
{
    private static readonly JournalPosition Everything = new(default, long.MaxValue, long.MaxValue, 0);

    /// <summary>How far the lines of a segment may be read.</summary>
    public long EndOf(long segment)
    {
        var end = writtenTo?.Invoke() ?? Everything;
        return end.Segment == segment ? end.Offset : end.Segment > segment ? long.MaxValue : 0;
    }

    /// <summary>The next segment that is there. Until something in one is durable, the writer may take it back and write another in its place.</summary>
    public long? After(long earlier)
    {
        var end = writtenTo?.Invoke() ?? Everything;
        foreach (var segment in JournalDirectory.Segments(directory))
        {
            if (segment > earlier && (segment < end.Segment || (segment == end.Segment && end.Offset > 0)))
            {
                return segment;
            }
        }

        return null;
    }
}
