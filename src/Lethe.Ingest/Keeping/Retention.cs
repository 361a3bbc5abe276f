using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Keeping;

/// <summary>What is too old, or too much: the words first, then the records. One look does all that is due.</summary>
internal sealed class Retention(RetentionSettings settings, string dataDirectory, Forgetter forgetter, TimeProvider time)
{
    /// <summary>What is overdue by less waits for more, so that a segment is written anew now and then and not at every look.</summary>
    private static readonly TimeSpan SlackMax = TimeSpan.FromHours(1);

    private const double SlackShare = 0.01;

    /// <summary>How many exchanges lost their words, and how many their rows.</summary>
    public (long Words, long Records) Look(IKeptStore store)
    {
        var (words, records) = ((long)forgetter.FinishExpiring(store), 0L);
        if (settings.WordsAge > TimeSpan.Zero && IsDue(settings.WordsAge, before => store.WordsBefore(before, 1).Count > 0))
        {
            words += ExpireBefore(store, Before(settings.WordsAge));
        }

        if (settings.RecordsAge > TimeSpan.Zero && IsDue(settings.RecordsAge, before => store.WordsBefore(before, 1).Count + store.RecordsBefore(before, 1).Count > 0))
        {
            words += ExpireBefore(store, Before(settings.RecordsAge));
            records += RemoveBefore(store, Before(settings.RecordsAge));
            store.RemoveSessions(null);
        }

        if (settings.BytesMax > 0 && BytesHeld() is var held && held > settings.BytesMax)
        {
            var (wordsOver, recordsOver) = Lighten(store, held);
            (words, records) = (words + wordsOver, records + recordsOver);
        }

        return (words, records);
    }

    private bool IsDue(TimeSpan age, Func<long, bool> isAny)
    {
        var slack = age * SlackShare;
        return isAny(Before(age + (slack < SlackMax ? slack : SlackMax)));
    }

    private long Before(TimeSpan age) => Microseconds.Of(time.GetUtcNow()) - (long)age.TotalMicroseconds;

    private long ExpireBefore(IKeptStore store, long before)
    {
        long count = 0;
        for (var held = store.WordsBefore(before, Forgetter.ExchangesAtOnce); held.Count > 0; held = store.WordsBefore(before, Forgetter.ExchangesAtOnce))
        {
            forgetter.DropWords(store, held, Forgetter.Expired);
            count += held.Count;
        }

        return count;
    }

    private long RemoveBefore(IKeptStore store, long before)
    {
        long count = store.RemoveMonths(before);
        int removed;
        do
        {
            removed = forgetter.RemoveWholeCalls(store, store.RecordsBefore(before, Forgetter.ExchangesAtOnce));
            count += removed;
        }
        while (removed > 0);
        return count;
    }

    // So large a part of all words, the oldest, as the directory is too large by: the next look sees what came of it.
    private (long Words, long Records) Lighten(IKeptStore store, long held)
    {
        var over = (held - settings.BytesMax) / (double)held;
        var (withWords, without) = store.Count();
        var (words, records) = (0L, 0L);
        for (var left = (long)Math.Ceiling(withWords * over); left > 0;)
        {
            var oldest = store.OldestWords((int)Math.Min(left, Forgetter.ExchangesAtOnce));
            if (oldest.Count == 0)
            {
                break;
            }

            forgetter.DropWords(store, oldest, Forgetter.Expired);
            words += oldest.Count;
            left -= oldest.Count;
        }

        if (words == 0 && without > 0)
        {
            var count = (int)Math.Min(Math.Ceiling(without * over), Forgetter.ExchangesAtOnce);
            records = forgetter.RemoveWholeCalls(store, store.RecordsBefore(long.MaxValue, count));
            store.RemoveSessions(null);
        }

        if (words + records > 0)
        {
            store.Compact();
        }

        return (words, records);
    }

    private long BytesHeld() => new DirectoryInfo(dataDirectory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(LengthOf);

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Sealed or moved since the directory was read.
            return 0;
        }
    }
}
