using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>What opening a journal had to mend.</summary>
/// <param name="Segment">The segment whose torn end was cut; 0 when none was.</param>
/// <param name="BytesCut">Bytes of the torn last line.</param>
/// <param name="Interrupted">Exchanges that were open when the last writer stopped.</param>
/// <param name="Faults">Damage that was found in the last segment, and left as it is.</param>
public sealed record JournalRepair(long Segment, long BytesCut, int Interrupted, IReadOnlyList<JournalFault> Faults);

/// <summary>Where a journal goes on: its end, its last seal, and what its last writer left open.</summary>
internal sealed record JournalTail(
    JournalPosition End,
    byte[] Seal,
    IReadOnlyDictionary<ExchangeId, JournalPosition> Open,
    IReadOnlyList<CapturedExchange> Interrupted,
    JournalRepair Repair);

/// <summary>Brings a journal into a state that can be written on: leftovers removed, the torn end cut, the end found.</summary>
internal static class JournalRecovery
{
    public static JournalTail Run(string directory)
    {
        JournalDirectory.RemoveLeftovers(directory);
        var (cutSegment, cut) = CutTornEnd(directory);
        var segments = JournalDirectory.Segments(directory);
        var none = new Dictionary<ExchangeId, JournalPosition>();
        if (segments.Count == 0)
        {
            return new JournalTail(new JournalPosition(default, 1, 0, 1), new byte[JournalLine.SealBytes], none, [], new JournalRepair(cutSegment, cut, 0, []));
        }

        using var consumer = new JournalConsumer(directory, FirstNeeded(directory, segments[^1]));
        var faults = ReadToEnd(consumer);
        var open = consumer.Open.ToDictionary(pair => pair.Key, pair => pair.Value.OpenedAt);
        using var lines = new LineFetcher(directory, completes: false);
        var interrupted = new List<CapturedExchange>();
        foreach (var exchange in consumer.Open.Values.OrderBy(begun => begun.OpenedAt.Sequence))
        {
            interrupted.Add(WithoutBodies(exchange.Assemble(lines, closing: null)));
        }

        var repair = new JournalRepair(cutSegment, cut, interrupted.Count, faults);
        return new JournalTail(consumer.Position, consumer.Cursor.Seal.ToArray(), open, interrupted, repair);
    }

    /// <summary>The last segment, or where the earliest exchange was opened that its header names as open.</summary>
    private static JournalPosition FirstNeeded(string directory, long last)
    {
        var first = new JournalPosition(default, last, 0, 0);
        using var cursor = new JournalCursor(directory, first);
        if (cursor.Step() == CursorStep.Line && cursor.Header is { } header)
        {
            foreach (var at in header.Open.Values)
            {
                first = at.IsBefore(first) ? at : first;
            }
        }

        return first;
    }

    private static List<JournalFault> ReadToEnd(JournalConsumer consumer)
    {
        var faults = new List<JournalFault>();
        var passed = new List<JournaledExchange>();
        while (true)
        {
            passed.Clear();
            var count = consumer.ReadBatch(passed, 1, 0);
            if (consumer.Fault is { } fault)
            {
                // The pieces of exchanges that were opened before this reading began are no damage.
                if (fault.Kind != JournalFaultKind.Orphan)
                {
                    faults.Add(fault);
                }

                consumer.SkipFault();
            }
            else if (count == 0)
            {
                return faults;
            }
        }
    }

    private static CapturedExchange WithoutBodies(CapturedExchange exchange) => exchange with
    {
        Request = exchange.Request with { Bytes = default },
        Response = exchange.Response with { Bytes = default },
    };

    private static (long Segment, long Bytes) CutTornEnd(string directory)
    {
        var segments = JournalDirectory.Segments(directory);
        if (segments.Count == 0 || !File.Exists(JournalDirectory.PlainPath(directory, segments[^1])))
        {
            return (0, 0);
        }

        var path = JournalDirectory.PlainPath(directory, segments[^1]);
        using var file = JournalDirectory.OpenFile(path, FileMode.Open, FileShare.Read | FileShare.Delete);
        var whole = EndOfLastLine(file);
        var cut = file.Length - whole;
        if (whole == 0)
        {
            // Not even the header is whole: nothing in this segment was ever acknowledged.
            File.Delete(path);
            JournalDirectory.Sync(directory);
        }
        else if (cut > 0)
        {
            file.SetLength(whole);
            file.Flush(flushToDisk: true);
        }

        return cut > 0 ? (segments[^1], cut) : (0, 0);
    }

    private static long EndOfLastLine(FileStream file)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var end = file.Length;
        while (end > 0)
        {
            var start = Math.Max(0, end - buffer.Length);
            var piece = buffer[..(int)(end - start)];
            RandomAccess.Read(file.SafeFileHandle, piece, start);
            var newline = piece.LastIndexOf((byte)'\n');
            if (newline >= 0)
            {
                return start + newline + 1;
            }

            end = start;
        }

        return 0;
    }
}
