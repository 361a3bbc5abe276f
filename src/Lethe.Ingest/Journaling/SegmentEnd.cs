using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>How the last segment of a journal ends: what of it counts, what its calls are, and what is damaged.</summary>
internal sealed class SegmentEnd
{
    private readonly string directory;
    private readonly long segment;
    private readonly List<JournalFault> found = [];
    private readonly List<Line> lines = [];
    private long fileEnd;

    private SegmentEnd(string directory, long segment)
    {
        this.directory = directory;
        this.segment = segment;
        IsSealed = !File.Exists(JournalDirectory.PlainPath(directory, segment, SegmentPart.Lines));
    }

    /// <summary>True when the segment lies there in its small form: all of it was synced.</summary>
    public bool IsSealed { get; }

    /// <summary>The journal that the header names; null when it cannot be read.</summary>
    public Guid? Journal { get; private set; }

    /// <summary>Where the lines that count end.</summary>
    public long LinesEnd { get; private set; }

    /// <summary>Where what was said in them ends.</summary>
    public long BodiesEnd { get; private set; }

    public long NextSequence { get; private set; } = 1;

    public byte[] Seal { get; private set; } = new byte[JournalLine.SealBytes];

    public IReadOnlyList<JournaledCall> Open { get; private set; } = [];

    /// <summary>What was cut, and what is damaged and stays.</summary>
    public IReadOnlyList<JournalFault> Faults => found;

    /// <summary>True when lines that count are damaged: what they wrote is not known.</summary>
    public bool IsDamaged => lines.Exists(line => line.Fault is not null);

    public static SegmentEnd Find(string directory, long segment)
    {
        var end = new SegmentEnd(directory, segment);
        end.ReadLines();
        end.CutTail();
        end.Sum();
        return end;
    }

    /// <summary>False when nothing of the segment counts, or what it follows has not reached the disk, so that it had not either.</summary>
    public bool IsWhole(string directory, IReadOnlyList<long> segments)
    {
        if (IsSealed)
        {
            return true;
        }

        if (LinesEnd == 0)
        {
            return found.Exists(fault => fault.Kind == JournalFaultKind.UnknownVersion);
        }

        if (segments.Count < 2 || lines[0].Header is not { } header || SyncedTo() > lines[0].Sequence)
        {
            return true;
        }

        var before = segments[^2];
        return !File.Exists(JournalDirectory.PlainPath(directory, before, SegmentPart.Lines)) || header.PreviousSeal.AsSpan().SequenceEqual(LastSealOf(before));
    }

    private byte[]? LastSealOf(long earlier)
    {
        using var file = SegmentFile.TryOpen(directory, earlier, SegmentPart.Lines);
        var seal = new byte[JournalLine.SealBytes];
        return file is not null && new LineReader(file, 0, ownsFile: false) is { } reader && reader.TryReadSealBefore(file.Length, seal) ? seal : null;
    }

    private void ReadLines()
    {
        using var cursor = new JournalCursor(directory, new JournalPosition(default, segment, 0, 0));
        while (true)
        {
            var step = cursor.Step();
            if (step == CursorStep.End)
            {
                break;
            }

            if (step == CursorStep.Line || cursor.Fault!.At.Segment == segment)
            {
                Take(cursor, step == CursorStep.Line ? null : cursor.Fault);
            }

            if (step == CursorStep.Fault)
            {
                cursor.SkipFault();
            }
        }

        fileEnd = cursor.Position.Offset + cursor.PartialBytes;
    }

    private void Take(JournalCursor cursor, JournalFault? fault)
    {
        JournaledCall? call = null;
        if (fault is null && cursor.Kind is LineKind.Open or LineKind.Part or LineKind.Exchange)
        {
            try
            {
                call = CallText.Read(cursor.Data.Span, segment);
            }
            catch (Exception error) when (JournalDamage.Is(error) || error is NotSupportedException)
            {
                fault = new JournalFault(
                    error is NotSupportedException ? JournalFaultKind.UnknownVersion : JournalFaultKind.Undecodable, cursor.LineAt, error.Message);
            }
        }

        var isLine = fault?.Kind is not (JournalFaultKind.Malformed or JournalFaultKind.Unreadable);
        lines.Add(new Line(
            cursor.LineAt.Offset,
            cursor.Position.Offset,
            isLine ? cursor.LineAt.Sequence : lines.Count == 0 ? 1 : lines[^1].Sequence + 1,
            isLine ? cursor.Behind : long.MaxValue,
            cursor.Kind,
            cursor.LineAt.Offset == 0 ? cursor.Header : null,
            call,
            cursor.Seal.ToArray(),
            fault));
    }

    /// <summary>Everything before this line was synced when a later one was written.</summary>
    private long SyncedTo() => lines.Where(line => line.Fault is null).Select(line => line.Sequence - line.Behind).DefaultIfEmpty(0).Max();

    /// <summary>Of what was not synced, the first line that is torn, or whose pieces are not there, is cut with all that follows.</summary>
    private void CutTail()
    {
        var syncedTo = SyncedTo();
        using var pieces = new PieceReader(directory);
        for (var i = 0; i < lines.Count && !IsSealed; i++)
        {
            var line = lines[i];
            var fault = line.Fault ?? (line.Sequence >= syncedTo ? PieceFault(line, pieces) : null);
            if (fault is not null && line.Sequence >= syncedTo && fault.Kind is not JournalFaultKind.UnknownVersion)
            {
                found.Add(fault);
                lines.RemoveRange(i, lines.Count - i);
                break;
            }
        }

        found.InsertRange(0, lines.Select(line => line.Fault).OfType<JournalFault>());
    }

    private JournalFault? PieceFault(Line line, PieceReader pieces)
    {
        if (line.Call?.Wrote is not { } wrote)
        {
            return null;
        }

        try
        {
            return PieceCheck.IsCommitted(pieces, segment, wrote, out _) ? null : Fault(JournalFaultKind.BodyMismatch, "What was said is not what the line commits to.");
        }
        catch (Exception error) when (JournalDamage.Is(error))
        {
            return Fault(JournalFaultKind.BodyMissing, error.Message);
        }

        JournalFault Fault(JournalFaultKind kind, string detail) => new(kind, new JournalPosition(default, segment, line.Start, line.Sequence), detail);
    }

    private void Sum()
    {
        var open = new Dictionary<ExchangeId, JournaledCall>();
        foreach (var line in lines)
        {
            Journal ??= line.Header?.Journal;
            foreach (var call in line.Header?.Open ?? [])
            {
                open[call.Id] = call;
            }

            if (line.Call is { } told)
            {
                Sum(told, line.Kind, open);
                BodiesEnd = Math.Max(BodiesEnd, told.Wrote?.End ?? 0);
            }
        }

        Open = [.. open.Values.Where(call => call.Head.Count > 0)];
        if (lines.Count > 0)
        {
            LinesEnd = lines[^1].End;
            NextSequence = lines.Max(line => line.Sequence) + 1;
            Seal = lines[^1].Seal;
        }
        else if (IsSealed)
        {
            LinesEnd = Math.Max(1, fileEnd);
        }
    }

    private static void Sum(JournaledCall told, LineKind kind, Dictionary<ExchangeId, JournaledCall> open)
    {
        if (kind == LineKind.Exchange)
        {
            open.Remove(told.Id);
        }
        else
        {
            open[told.Id] = kind == LineKind.Part && open.TryGetValue(told.Id, out var earlier) ? earlier.With(told) : told with { Wrote = null };
        }
    }

    private sealed record Line(
        long Start, long End, long Sequence, long Behind, LineKind Kind, SegmentHeader? Header, JournaledCall? Call, byte[] Seal, JournalFault? Fault);
}
