namespace Lethe.Ingest.Journaling;

/// <summary>One step through a journal.</summary>
/// <param name="Exchanges">Valid until the next step.</param>
/// <param name="Fault">The damage behind them; it is passed with the next step.</param>
public readonly record struct JournalStep(List<JournaledExchange> Exchanges, JournalFault? Fault);

/// <summary>The way through a journal that ingest, replay and verification share: batch by batch, past every damage once it was told.</summary>
public static class JournalWalk
{
    /// <summary>Steps until nothing more is there. No step is empty.</summary>
    /// <param name="bytesMax">Body bytes that one step reads, both directions; a step holds at least one exchange, whatever its size.</param>
    /// <param name="stopping">Heard between two steps only: what was read is the caller's, and would be lost.</param>
    public static IEnumerable<JournalStep> ToEnd(this JournalConsumer journal, int countMax, long bytesMax, CancellationToken stopping = default)
    {
        var batch = new List<JournaledExchange>();
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            batch.Clear();
            var read = journal.ReadBatch(batch, countMax, bytesMax);
            var fault = journal.Fault;
            if (read == 0 && fault is null)
            {
                yield break;
            }

            yield return new JournalStep(batch, fault);
            if (fault is not null)
            {
                journal.SkipFault();
            }
        }
    }
}
