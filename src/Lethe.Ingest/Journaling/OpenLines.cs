using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>Where the exchanges that are open now have their open lines. Changes can be taken back until they are durable.</summary>
internal sealed class OpenLines(IReadOnlyDictionary<ExchangeId, JournalPosition> begun)
{
    private readonly Dictionary<ExchangeId, JournalPosition> lines = new(begun);
    private readonly List<(ExchangeId Id, JournalPosition? Before)> changes = [];

    public IReadOnlyDictionary<ExchangeId, JournalPosition> Current => lines;

    public int Changes => changes.Count;

    public void Opened(ExchangeId id, JournalPosition at)
    {
        Remember(id);
        lines[id] = at;
    }

    public void Closed(ExchangeId id)
    {
        Remember(id);
        lines.Remove(id);
    }

    public void Settle() => changes.Clear();

    public void RollBack(int count)
    {
        for (var i = changes.Count - 1; i >= count; i--)
        {
            var (id, before) = changes[i];
            if (before is { } at)
            {
                lines[id] = at;
            }
            else
            {
                lines.Remove(id);
            }
        }

        changes.RemoveRange(count, changes.Count - count);
    }

    private void Remember(ExchangeId id) => changes.Add((id, lines.TryGetValue(id, out var at) ? at : null));
}
