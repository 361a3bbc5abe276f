using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>One walk of the <see cref="JournalVerifier"/>.</summary>
internal sealed class VerifyingWalk : IDisposable
{
    private const int ToldEvery = 256;

    private readonly string directory;
    private readonly JournalAnchor? anchor;
    private readonly Action<long>? passed;
    private readonly JournalCursor cursor;
    private readonly PieceReader pieces;
    private readonly List<JournalFault> faults = [];
    private readonly HashSet<ExchangeId> open = [];

    // Ranges that are not what their lines commit to, until it is known whether they were erased.
    private readonly Dictionary<(long Segment, long Offset), (JournalFault Fault, byte[] Actual)> changed = [];
    private readonly Dictionary<(long Segment, long Offset), byte[]> erased = [];
    private readonly List<SegmentAnchor> left = [];
    private (long Segment, byte[] Previous)? first;
    private long exchanges;
    private readonly List<ErasedCall> erasedCalls = [];
    private readonly Dictionary<long, long> exchangesBySegment = [];
    private bool anchorMet;

    public VerifyingWalk(string directory, JournalAnchor? anchor, Action<long>? passed)
    {
        this.directory = directory;
        this.anchor = anchor;
        this.passed = passed;
        cursor = new JournalCursor(directory, new JournalPosition(JournalIdentity.Of(directory), 0, 0, 0));
        pieces = new PieceReader(directory);
    }

    public JournalVerification Run()
    {
        CheckId();
        for (var step = cursor.Step(); step != CursorStep.End; step = cursor.Step())
        {
            if (step == CursorStep.Fault)
            {
                faults.Add(cursor.Fault!);
                CheckAnchor();
                cursor.SkipFault();
            }
            else
            {
                TakeLine();
            }
        }

        JudgeChanged();
        JudgeBeginning();
        JudgeAnchor();
        return new JournalVerification(
            JournalDirectory.Segments(directory).Count,
            exchanges,
            open.Count,
            erasedCalls,
            cursor.PartialBytes,
            cursor.Position,
            Convert.ToHexStringLower(cursor.Seal),
            faults)
        {
            ExchangesBySegment = exchangesBySegment,
            LeftTo = left.Select(anchored => anchored.Segment).DefaultIfEmpty(0).Max(),
        };
    }

    public void Dispose()
    {
        cursor.Dispose();
        pieces.Dispose();
    }

    private void TakeLine()
    {
        CheckAnchor();
        try
        {
            switch (cursor.Kind)
            {
                case LineKind.Header:
                    first ??= (cursor.LineAt.Segment, cursor.Header!.PreviousSeal);
                    break;
                case LineKind.Open or LineKind.Part or LineKind.Exchange:
                    TakeCall(CallText.Read(cursor.Data.Span, cursor.LineAt.Segment));
                    break;
                case LineKind.Erased:
                    TakeErasure(Erasure.Read(cursor.Data));
                    break;
                case LineKind.Anchor:
                    left.Add(SegmentAnchor.Read(cursor.Data));
                    break;
            }
        }
        catch (NotSupportedException error)
        {
            Report(JournalFaultKind.UnknownVersion, error.Message);
        }
        catch (Exception error) when (JournalDamage.Is(error))
        {
            Report(JournalFaultKind.Undecodable, error.Message);
        }
    }

    private void TakeCall(JournaledCall call)
    {
        if (call.Wrote is { } wrote)
        {
            CheckRange(wrote);
        }

        if (cursor.Kind != LineKind.Exchange)
        {
            open.Add(call.Id);
            return;
        }

        open.Remove(call.Id);
        exchanges++;
        exchangesBySegment[cursor.LineAt.Segment] = exchangesBySegment.GetValueOrDefault(cursor.LineAt.Segment) + 1;
        CheckPieces(call);
        if (exchanges % ToldEvery == 0)
        {
            passed?.Invoke(exchanges);
        }
    }

    private void CheckRange(WrittenRange wrote)
    {
        try
        {
            if (!PieceCheck.IsCommitted(pieces, cursor.LineAt.Segment, wrote, out var actual))
            {
                var fault = new JournalFault(JournalFaultKind.BodyMismatch, cursor.LineAt, "What was said is not what the line commits to.");
                changed[(cursor.LineAt.Segment, wrote.Offset)] = (fault, actual);
            }
        }
        catch (FormatException error)
        {
            Report(JournalFaultKind.BodyMissing, error.Message);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            Report(JournalFaultKind.Unreadable, error.Message);
        }
    }

    private void CheckPieces(JournaledCall call)
    {
        try
        {
            foreach (var extent in call.Pieces())
            {
                if (!(pieces.LengthOf(extent.Segment) >= extent.End))
                {
                    Report(JournalFaultKind.BodyMissing, $"What was said is not there: {extent.Length} bytes at {extent.Offset} of segment {extent.Segment}.");
                    return;
                }
            }

            if (call.Head.Count > 0 && CallHead.IsErased(pieces.Read([call.Head[^1]])))
            {
                erasedCalls.Add(new ErasedCall(call.Id, call.OrgId));
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            Report(JournalFaultKind.Unreadable, error.Message);
        }
    }

    private void TakeErasure(Erasure erasure)
    {
        foreach (var range in erasure.Ranges)
        {
            erased[(range.Segment, range.Offset)] = range.Commit;
        }
    }

    /// <summary>What was erased commits to what its erasure tells; what a process was killed over will, once the next has finished it.</summary>
    private void JudgeChanged()
    {
        var unfinished = ErasurePlan.Read(directory)?.Ranges.ToDictionary(range => (range.Segment, range.Offset));
        faults.AddRange(changed
            .Where(range => !erased.TryGetValue(range.Key, out var commit)
                || !(commit.AsSpan().SequenceEqual(range.Value.Actual)
                    || (unfinished?.TryGetValue(range.Key, out var planned) == true && commit.AsSpan().SequenceEqual(ErasurePlan.CommitOf(planned, pieces)))))
            .Select(range => range.Value.Fault));
    }

    /// <summary>A journal begins at its first segment, or behind what an anchor tells to have left.</summary>
    private void JudgeBeginning()
    {
        if (first is var (segment, previous) && segment > 1
            && !left.Exists(anchored => anchored.Segment == segment - 1 && anchored.Seal.AsSpan().SequenceEqual(previous)))
        {
            faults.Insert(0, new JournalFault(JournalFaultKind.Missing, cursor.Position with { Segment = segment - 1, Offset = 0, Sequence = 0 }, "The segments before are not there, and nothing tells that they left."));
        }
    }

    private void CheckAnchor()
    {
        if (anchor is null || anchorMet || cursor.LineAt.Sequence != anchor.At.Sequence - 1)
        {
            return;
        }

        anchorMet = true;
        if (Convert.ToHexStringLower(cursor.Seal) != anchor.Head)
        {
            Report(JournalFaultKind.Rewritten, "The chain at the anchor's place is another one.");
        }
    }

    private void JudgeAnchor()
    {
        if (anchor is null)
        {
            return;
        }

        if (anchor.Journal != cursor.Position.Journal)
        {
            faults.Add(new JournalFault(JournalFaultKind.WrongJournal, anchor.At, $"The anchor is of journal {anchor.Journal}."));
        }
        else if (!anchorMet && cursor.Position.Sequence < anchor.At.Sequence)
        {
            faults.Add(new JournalFault(JournalFaultKind.Truncated, anchor.At, "The journal ends before the anchor's place."));
        }
    }

    private void CheckId()
    {
        var id = cursor.Position.Journal;
        if (id != default && JournalIdentity.OfFile(directory) is var inFile && inFile != id)
        {
            faults.Add(new JournalFault(JournalFaultKind.WrongJournal, cursor.Position, $"The journal's file names {inFile?.ToString() ?? "nothing"}; its segments are of {id}."));
        }
    }

    private void Report(JournalFaultKind kind, string detail) => faults.Add(new JournalFault(kind, cursor.LineAt, detail));
}
