namespace Lethe.Ingest.Journaling;

/// <summary>Tells the writer that a sync has failed: what that one should have reached has to be written again.</summary>
internal sealed class FailedSync(Exception error) : JournalEntry
{
    public Exception Error => error;

    public override void WriteTo(LinePen pen)
    {
    }

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
