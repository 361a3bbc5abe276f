using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Recording;

/// <summary>A call that another recorder has captured, on its way to the journal.</summary>
internal sealed class WholeEntry(CapturedExchange exchange, Action over) : JournalEntry
{
    private readonly TaskCompletionSource<bool> kept = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True once it is on disk, false once it is lost. While the disk refuses, neither.</summary>
    public Task<bool> Kept => kept.Task;

    public override void WriteTo(LinePen pen) => pen.Whole(exchange);

    public override void Settle(JournalPosition end) => Finish(true);

    public override void Delay()
    {
        // Whoever waits for it waits for the disk, with a bound of its own.
    }

    public override void Lose(Exception error) => Finish(false);

    private void Finish(bool isKept)
    {
        if (kept.TrySetResult(isKept))
        {
            over();
        }
    }
}
