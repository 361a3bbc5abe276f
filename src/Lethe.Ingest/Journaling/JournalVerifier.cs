namespace Lethe.Ingest.Journaling;

/// <summary>What a walk over a whole journal found.</summary>
/// <param name="Open">Exchanges without a close: still running, or cut off by a crash and not mended yet.</param>
/// <param name="UnfinishedBytes">Bytes behind the last line: a line that is being written, or one that the next start will cut.</param>
/// <param name="Head">The last line's seal, hex; with <paramref name="End"/> it proves later that nothing was cut off or rewritten.</param>
public sealed record JournalVerification(
    int Segments,
    long Exchanges,
    int Open,
    int UnfinishedBytes,
    JournalPosition End,
    string Head,
    IReadOnlyList<JournalFault> Faults);

/// <summary>Walks every line of a journal, live or not, and reports every fault; it changes nothing.</summary>
public static class JournalVerifier
{
    public static JournalVerification Run(string directory)
    {
        using var consumer = new JournalConsumer(directory, default);
        var faults = new List<JournalFault>();
        var read = new List<JournaledExchange>();
        long exchanges = 0;
        while (true)
        {
            read.Clear();
            var count = consumer.ReadBatch(read, 1, 0);
            exchanges += count;
            if (consumer.Fault is { } fault)
            {
                faults.Add(fault);
                consumer.SkipFault();
            }
            else if (count == 0)
            {
                break;
            }
        }

        return new JournalVerification(
            JournalDirectory.Segments(directory).Count,
            exchanges,
            consumer.Open.Count,
            consumer.Cursor.PartialBytes,
            consumer.Position,
            Convert.ToHexStringLower(consumer.Cursor.Seal),
            faults);
    }
}
