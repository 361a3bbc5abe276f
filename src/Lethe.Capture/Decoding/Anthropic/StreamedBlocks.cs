using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.Anthropic;

/// <summary>
/// The blocks of a stream. An index is a label that the server chooses, and some reuse it: a block that begins is another one, whatever its index, unless the
/// one of that index has only just begun.
/// </summary>
internal sealed class StreamedBlocks
{
    private readonly List<(long Index, StreamedBlock Block)> all = [];
    private readonly Dictionary<long, StreamedBlock> open = [];
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

        reused |= known is not null;
        Open(index).Start(block);
    }

    public void End(JsonElement data)
    {
        if (open.TryGetValue(Index(data), out var block))
        {
            block.IsEnded = true;
        }
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
        reused = false;
    }

    /// <summary>By index, or as they came where one was used twice.</summary>
    public IEnumerable<StreamedBlock> InOrder() => (reused ? all.AsEnumerable() : all.OrderBy(block => block.Index)).Select(block => block.Block);

    private StreamedBlock Open(long index)
    {
        var block = new StreamedBlock();
        open[index] = block;
        all.Add((index, block));
        return block;
    }

    private static long Index(JsonElement data) => Math.Min(data.Count("index"u8) ?? 0, int.MaxValue);
}
