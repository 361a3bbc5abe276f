namespace Lethe.Ingest.Journaling;

/// <summary>Asks the writer to end the live segment.</summary>
internal sealed class SealEntry : JournalEntry
{
    private readonly TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True once it is ended; false when the disk refuses.</summary>
    public Task<bool> Sealed => ended.Task;

    public override void WriteTo(LinePen pen)
    {
    }

    public override void Settle(JournalPosition end) => ended.TrySetResult(true);

    public override void Delay() => ended.TrySetResult(false);

    public override void Lose(Exception error) => ended.TrySetResult(false);
}
