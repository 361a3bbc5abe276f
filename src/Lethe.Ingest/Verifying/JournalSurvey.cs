using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Verifying;

/// <summary>One way through a whole journal, live or not, segment by segment: every fault of its own, and how many exchanges stand where. Changes nothing.</summary>
public sealed class JournalSurvey(string directory)
{
    private const int BatchCountMax = 64;
    private const long BatchBytesMax = 16L * 1024 * 1024;

    private readonly Dictionary<long, long> exchangesBySegment = [];

    public long Exchanges { get; private set; }

    public int Segments { get; private set; }

    /// <summary>Exchanges without a close: still running, or cut off by a crash and not mended yet.</summary>
    public int Open { get; private set; }

    /// <summary>Bytes behind the last line: a line that is being written, or one that the next start will cut.</summary>
    public int UnfinishedBytes { get; private set; }

    /// <summary>The last line's seal, hex; with <see cref="End"/> it proves later that nothing was cut off or rewritten.</summary>
    public string Head { get; private set; } = "";

    public JournalPosition End { get; private set; }

    /// <summary>How many exchanges stand in a segment; those of damaged lines are not counted.</summary>
    public long ExchangesIn(long segment) => exchangesBySegment.GetValueOrDefault(segment);

    /// <summary>Goes its way, once.</summary>
    /// <param name="compare">Told each exchange; gives what is off with it elsewhere.</param>
    /// <param name="passed">Told now and then how many exchanges were passed.</param>
    public IEnumerable<VerifyFault> Run(Func<JournaledExchange, IEnumerable<VerifyFault>>? compare = null, Action<long>? passed = null)
    {
        using var journal = new JournalConsumer(directory, default);
        foreach (var (exchanges, damage) in journal.ToEnd(BatchCountMax, BatchBytesMax))
        {
            foreach (var exchange in exchanges)
            {
                exchangesBySegment[exchange.At.Segment] = ExchangesIn(exchange.At.Segment) + 1;
                foreach (var fault in compare?.Invoke(exchange) ?? [])
                {
                    yield return fault;
                }
            }

            passed?.Invoke(Exchanges += exchanges.Count);
            if (damage is not null)
            {
                yield return new VerifyFault(VerifyFaultKind.Journal, damage.At.ToString(), damage.Detail, SnakeCase.Of(damage.Kind));
            }
        }

        Segments = JournalDirectory.Segments(directory).Count;
        Open = journal.Open.Count;
        UnfinishedBytes = journal.Cursor.PartialBytes;
        End = journal.Position;
        Head = Convert.ToHexStringLower(journal.Cursor.Seal);
    }
}
