using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>The output items of a stream. An index is a label that the server chooses: an item that begins where one has ended, or was told of, is another one.</summary>
internal sealed class StreamedItems
{
    private readonly List<(long Index, StreamedItem Item)> all = [];
    private readonly Dictionary<long, StreamedItem> open = [];
    private bool reused;

    public bool IsEmpty => all.Count == 0;

    /// <summary>The item that an event is about; one that does not say so follows the one that began last.</summary>
    public StreamedItem At(JsonElement data)
    {
        var index = data.Count("output_index"u8) ?? (all.Count == 0 ? 0 : all[^1].Index);
        return open.TryGetValue(index, out var item) ? item : Open(index);
    }

    public void Begin(JsonElement data, JsonElement item)
    {
        var index = data.Count("output_index"u8) ?? all.Count;
        if (open.TryGetValue(index, out var known) && !known.IsBegun)
        {
            known.Start(item);
            return;
        }

        reused |= known is not null;
        Open(index).Start(item);
    }

    public void Clear()
    {
        all.Clear();
        open.Clear();
        reused = false;
    }

    /// <summary>What was told of the items, by index, or as they came where one was used twice.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Told()
    {
        foreach (var (_, item) in reused ? all.AsEnumerable() : all.OrderBy(item => item.Index))
        {
            if (item.ToJson() is { } json)
            {
                yield return json;
            }
        }
    }

    private StreamedItem Open(long index)
    {
        var item = new StreamedItem();
        open[index] = item;
        all.Add((index, item));
        return item;
    }
}
