namespace Lethe.Ingest.Journaling;

/// <summary>What has been posted and not been taken by the writer's thread. Thread-safe.</summary>
internal sealed class EntryQueue
{
    private readonly Queue<JournalEntry> entries = [];
    private bool isClosed;

    /// <summary>False when nothing is taken any more.</summary>
    public bool TryAdd(JournalEntry entry)
    {
        lock (entries)
        {
            if (isClosed)
            {
                return false;
            }

            entries.Enqueue(entry);
            Monitor.Pulse(entries);
            return true;
        }
    }

    public bool TryTake(out JournalEntry entry)
    {
        lock (entries)
        {
            return entries.TryDequeue(out entry!);
        }
    }

    /// <summary>Blocks until there is something to take; false when there is nothing and nothing will come.</summary>
    public bool Wait()
    {
        lock (entries)
        {
            while (entries.Count == 0 && !isClosed)
            {
                Monitor.Wait(entries);
            }

            return entries.Count > 0;
        }
    }

    /// <summary>Nothing is added any more; what is there can be taken.</summary>
    public void Close()
    {
        lock (entries)
        {
            isClosed = true;
            Monitor.PulseAll(entries);
        }
    }

    /// <summary>Nobody waits for what is here; it stays.</summary>
    public void Delay()
    {
        JournalEntry[] waiting;
        lock (entries)
        {
            waiting = [.. entries];
        }

        foreach (var entry in waiting)
        {
            entry.Delay();
        }
    }

    /// <summary>Gives up what is here.</summary>
    public void Lose(Exception error)
    {
        while (TryTake(out var entry))
        {
            entry.Lose(error);
        }
    }
}
