namespace Lethe.Ingest.Journaling;

/// <summary>Something to be written. It may be written twice, when a disk failed under the first attempt, so it keeps what it took until it is settled.</summary>
internal abstract class JournalEntry
{
    /// <summary>Appends the entry's lines. Runs in the writer's task; an exception loses this entry only.</summary>
    public abstract void WriteTo(LineWriter lines);

    /// <summary>The lines are on disk.</summary>
    public abstract void Settle(JournalPosition end);

    /// <summary>The disk failed; the entry waits for another attempt, but nobody should wait for it.</summary>
    public abstract void Delay();

    /// <summary>The entry could not be put into lines, and is lost.</summary>
    public abstract void Lose(Exception error);
}
