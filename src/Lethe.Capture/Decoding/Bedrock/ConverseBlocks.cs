using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Bedrock;

/// <summary>The blocks of a stream, in the order in which they came: a block ends when its end says so, and what follows at its index is another one.</summary>
internal sealed class ConverseBlocks
{
    private readonly List<ConverseBlock> all = [];
    private readonly Dictionary<long, ConverseBlock> open = [];

    public bool IsEmpty => all.Count == 0;

    /// <summary>Without a call that was told once more with its input.</summary>
    public IEnumerable<ConverseBlock> InOrder()
    {
        var asked = all.Select(block => block.CallWithInput).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return all.Where(block => block.CallWithoutInput is not { } call || !asked.Contains(call));
    }

    public void Begin(JsonElement data)
    {
        var start = data.ObjectMember("start"u8) ?? default;
        if (open.TryGetValue(Index(data), out var known) && !known.IsBegun)
        {
            known.Start(start);
        }
        else
        {
            Open(Index(data)).Start(start);
        }
    }

    public void Add(JsonElement data)
    {
        if (data.ObjectMember("delta"u8) is { } delta)
        {
            (open.GetValueOrDefault(Index(data)) ?? Open(Index(data))).Add(delta);
        }
    }

    public void End(JsonElement data) => open.Remove(Index(data));

    public void Clear()
    {
        all.Clear();
        open.Clear();
    }

    private ConverseBlock Open(long index)
    {
        var block = new ConverseBlock();
        open[index] = block;
        all.Add(block);
        return block;
    }

    private static long Index(JsonElement data) => data.Count("contentBlockIndex"u8) ?? 0;
}
