using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>An exchange that came whole.</summary>
internal sealed class WholeEntry(CapturedExchange exchange) : JournalEntry
{
    private readonly TaskCompletionSource<bool> written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<bool> Written => written.Task;

    public override void WriteTo(LineWriter lines) => lines.SelfContained(exchange);

    public override void Settle(JournalPosition end) => written.TrySetResult(true);

    public override void Delay() => written.TrySetResult(false);

    public override void Lose(Exception error) => written.TrySetResult(false);
}

/// <summary>The closing line of an exchange that a crash of ours cut off.</summary>
internal sealed class ClosingEntry(CapturedExchange exchange) : JournalEntry
{
    public override void WriteTo(LineWriter lines) => lines.Close(exchange);

    public override void Settle(JournalPosition end)
    {
    }

    public override void Delay()
    {
    }

    public override void Lose(Exception error)
    {
    }
}
