using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Something to be written. It may be written twice, when a disk failed under the first attempt, so it keeps what it took until it is settled.</summary>
internal abstract class JournalEntry
{
    /// <summary>Appends the entry's lines. Runs in the writer's thread; an exception loses this entry only.</summary>
    public abstract void WriteTo(LinePen pen);

    /// <summary>The lines are on disk.</summary>
    public abstract void Settle(JournalPosition end);

    /// <summary>The disk refuses; the entry waits for another attempt, but nobody should wait for it.</summary>
    public abstract void Delay();

    /// <summary>The entry could not be put into lines, and is lost.</summary>
    public abstract void Lose(Exception error);
}

/// <summary>One line, or an exchange that came whole, whose writer can wait for it.</summary>
internal sealed class AwaitedEntry(Action<LinePen> write) : JournalEntry
{
    private readonly TaskCompletionSource<bool> written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True once it is on disk; false when the disk refuses, or it was lost.</summary>
    public Task<bool> Written => written.Task;

    public override void WriteTo(LinePen pen) => write(pen);

    public override void Settle(JournalPosition end) => written.TrySetResult(true);

    public override void Delay() => written.TrySetResult(false);

    public override void Lose(Exception error) => written.TrySetResult(false);
}
