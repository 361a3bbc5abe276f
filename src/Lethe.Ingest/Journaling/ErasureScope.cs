using System.Security.Cryptography;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Works out what of the bodies has to become zeros when certain exchanges are erased: what they wrote, and what earlier erasures left standing for them,
/// less what any surviving call points at. Reads lines only.
/// </summary>
internal sealed class ErasureScope(string directory, Guid journal)
{
    private readonly HashSet<ExchangeId> targets = [];
    private readonly HashSet<ExchangeId> gone = [];
    private readonly HashSet<ExchangeId> met = [];
    private int unreadable;
    private readonly HashSet<long> segments = [];
    private readonly List<(ExchangeId By, long Segment, WrittenRange Range)> ranges = [];
    private readonly Dictionary<long, List<(long Start, long End)>> survivors = [];

    /// <summary>The exchanges that were found and are not erased already.</summary>
    public IReadOnlyCollection<ExchangeId> Targets => targets;

    /// <summary>How many of the exchanges lie on damaged lines, so that nobody can tell where their words are.</summary>
    public int Unread => unreadable + targets.Count(target => !met.Contains(target));

    public List<RangeErasure> Find(IReadOnlyCollection<JournalPosition> exchanges)
    {
        foreach (var place in exchanges.Where(place => place.Journal == journal).DistinctBy(place => place.Sequence))
        {
            TakeTarget(place);
        }

        if (segments.Count == 0)
        {
            return [];
        }

        // Who was erased before is no survivor, wherever the line that tells of it stands.
        Walk(cursor =>
        {
            if (cursor.Kind == LineKind.Erased)
            {
                gone.UnionWith(Erasure.Read(cursor.Data).Exchanges);
            }
        });
        targets.ExceptWith(gone);
        gone.UnionWith(targets);
        Walk(TakeLine);
        return [.. ranges.Where(range => gone.Contains(range.By)).Select(range => Erase(range.Segment, range.Range)).OfType<RangeErasure>()];
    }

    private void TakeTarget(JournalPosition place)
    {
        using var cursor = new JournalCursor(directory, place);
        var step = cursor.Step();
        if (step != CursorStep.Line || cursor.Kind != LineKind.Exchange)
        {
            unreadable += step == CursorStep.Fault && cursor.Fault!.Kind != JournalFaultKind.Missing ? 1 : 0;
            return;
        }

        var call = CallText.Read(cursor.Data.Span, place.Segment);
        targets.Add(call.Id);
        segments.Add(place.Segment);
        segments.UnionWith(call.Pieces().Select(extent => extent.Segment));
    }

    /// <summary>Every line from the first segment concerned on: later calls may still point into it.</summary>
    private void Walk(Action<JournalCursor> take)
    {
        using var cursor = new JournalCursor(directory, new JournalPosition(journal, segments.Min(), 0, 0));
        for (var step = cursor.Step(); step != CursorStep.End; step = cursor.Step())
        {
            if (step == CursorStep.Line)
            {
                take(cursor);
            }
            else if (cursor.Fault!.Kind == JournalFaultKind.UnknownVersion)
            {
                throw new IOException($"A line at {cursor.Fault.At} is of a later version: what it refers to is not known, so nothing is erased.");
            }
            else
            {
                cursor.SkipFault();
            }
        }
    }

    private void TakeLine(JournalCursor cursor)
    {
        switch (cursor.Kind)
        {
            case LineKind.Header:
                foreach (var call in cursor.Header!.Open)
                {
                    Spare(call);
                }

                break;
            case LineKind.Open or LineKind.Part or LineKind.Exchange:
                var told = CallText.Read(cursor.Data.Span, cursor.LineAt.Segment);
                Spare(told);
                met.Add(told.Id);
                if (told.Wrote is { } wrote && segments.Contains(cursor.LineAt.Segment))
                {
                    ranges.Add((told.Id, cursor.LineAt.Segment, wrote));
                }

                break;
        }
    }

    private void Spare(JournaledCall call)
    {
        if (gone.Contains(call.Id))
        {
            return;
        }

        foreach (var extent in call.Pieces().Where(extent => segments.Contains(extent.Segment)))
        {
            if (!survivors.TryGetValue(extent.Segment, out var spared))
            {
                survivors[extent.Segment] = spared = [];
            }

            spared.Add((extent.Offset, extent.End));
        }
    }

    private RangeErasure? Erase(long segment, WrittenRange range)
    {
        var zeros = new List<(long, long)>();
        var at = range.Offset + WrittenRange.SaltBytes;
        foreach (var (start, end) in Merged(segment).Where(spared => spared.End > range.Offset && spared.Start < range.End))
        {
            if (start > at)
            {
                zeros.Add((at, start - at));
            }

            at = Math.Max(at, end);
        }

        if (at < range.End)
        {
            zeros.Add((at, range.End - at));
        }

        return zeros.Count == 0 ? null : new RangeErasure(segment, range.Offset, range.Length, RandomNumberGenerator.GetBytes(WrittenRange.SaltBytes), zeros);
    }

    private List<(long Start, long End)> Merged(long segment)
    {
        if (!survivors.TryGetValue(segment, out var spared) || spared.Count == 0)
        {
            return [];
        }

        spared.Sort();
        var merged = new List<(long Start, long End)> { spared[0] };
        foreach (var (start, end) in spared)
        {
            if (start <= merged[^1].End)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, end));
            }
            else
            {
                merged.Add((start, end));
            }
        }

        survivors[segment] = merged;
        return merged;
    }
}
