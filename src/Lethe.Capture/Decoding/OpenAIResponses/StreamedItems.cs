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

    /// <summary>The item that an event is about; one that does not say so follows the one that began last. One that is done is added to no more.</summary>
    public StreamedItem At(JsonElement data) => At(data, data.Word("item_id"u8));

    /// <summary>The item that is told whole.</summary>
    public StreamedItem At(JsonElement data, JsonElement item) => At(data, item.Word("id"u8));

    /// <summary>A text that was told whole says nothing of an item that was.</summary>
    public void AddWhole(JsonElement data)
    {
        if (!(open.TryGetValue(Index(data), out var item) && item.IsDone))
        {
            At(data).AddWhole(data);
        }
    }

    private StreamedItem At(JsonElement data, string? id)
    {
        var index = Index(data);
        if (!open.TryGetValue(index, out var item) || !item.IsDone || (id is not null && id == item.DoneId))
        {
            return item ?? Open(index);
        }

        reused = true;
        return Open(index);
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

    /// <summary>What was told of the items, by index, or as they came where one was used twice; without a call that was told once more with its arguments.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Told()
    {
        var asked = all.Select(told => told.Item).Where(item => item.HasArguments).Select(item => item.Call).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var (_, item) in reused ? all.AsEnumerable() : all.OrderBy(item => item.Index))
        {
            if ((item.HasArguments || item.Call is not { } call || !asked.Contains(call)) && item.ToJson() is { } json)
            {
                yield return json;
            }
        }
    }

    private long Index(JsonElement data) => data.Count("output_index"u8) ?? (all.Count == 0 ? 0 : all[^1].Index);

    private StreamedItem Open(long index)
    {
        var item = new StreamedItem();
        open[index] = item;
        all.Add((index, item));
        return item;
    }
}
