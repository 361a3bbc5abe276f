using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>
/// The blocks of a stream. An index is a label that the server chooses, and some reuse it: a block that begins is another one, whatever its index, unless the
/// one of that index has only just begun. One that has ended is added to no more.
/// </summary>
internal sealed class StreamedBlocks
{
    private readonly List<(long Index, StreamedBlock Block)> all = [];
    private readonly Dictionary<long, StreamedBlock> open = [];
    private readonly HashSet<long> used = [];
    private bool reused;

    public bool IsEmpty => all.Count == 0;

    /// <summary>The block that a delta adds to; one without a beginning begins here.</summary>
    public StreamedBlock At(JsonElement data) => open.TryGetValue(Index(data), out var block) ? block : Open(Index(data));

    public void Begin(JsonElement data, JsonElement block)
    {
        var index = Index(data);
        if (open.TryGetValue(index, out var known) && !known.IsBegun)
        {
            known.Start(block);
            return;
        }

        Open(index).Start(block);
    }

    public void End(JsonElement data)
    {
        open.Remove(Index(data));
    }

    /// <summary>A whole block.</summary>
    public void Add(JsonElement block)
    {
        var added = new StreamedBlock();
        added.Start(block);
        all.Add((all.Count, added));
    }

    /// <summary>Another message follows, whose indices begin anew.</summary>
    public void Continue()
    {
        open.Clear();
        reused = true;
    }

    public void Clear()
    {
        all.Clear();
        open.Clear();
        used.Clear();
        reused = false;
    }

    /// <summary>By index, or as they came where one was used twice; without a call that was told once more with its input.</summary>
    public IEnumerable<StreamedBlock> InOrder()
    {
        var told = (reused ? all.AsEnumerable() : all.OrderBy(block => block.Index)).Select(block => block.Block).ToList();
        var asked = told.Select(block => block.CallWithInput).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return told.Where(block => block.CallWithoutInput is not { } call || !asked.Contains(call));
    }

    private StreamedBlock Open(long index)
    {
        var block = new StreamedBlock();
        reused |= !used.Add(index);
        open[index] = block;
        all.Add((index, block));
        return block;
    }

    private static long Index(JsonElement data) => Math.Min(data.Count("index"u8) ?? 0, int.MaxValue);
}
