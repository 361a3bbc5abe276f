using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>How long each part of a prompt is, in characters of its JSON: vendors count tokens of the whole only.</summary>
public sealed record PromptLengths(IReadOnlyList<double> Tools, IReadOnlyList<double> System, IReadOnlyList<double> Messages)
{
    /// <summary>A longer conversation is told by as many of its messages, evenly spread.</summary>
    private const int MessagesMax = 200;

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 1000 };

    public double Whole => Tools.Sum() + System.Sum() + Messages.Sum();

    /// <summary>Null where nothing of it is kept.</summary>
    public static PromptLengths? Of(StoreReader reader, string org, ChainRecord? chain)
    {
        var lengths = chain is null ? null : new PromptLengths(Parts(reader, org, chain.Tools), Parts(reader, org, chain.System), Chain(reader, org, chain.Leaf));
        return lengths is { Whole: > 0 } ? lengths : null;
    }

    private static List<double> Parts(StoreReader reader, string org, string? hash)
    {
        if (hash is null || reader.Blob(org, hash) is not { } json)
        {
            return [];
        }

        using var document = JsonDocument.Parse(json, AnyDepth);
        return document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray().Select(part => (double)part.GetRawText().Length)] : [json.Length];
    }

    private static List<double> Chain(StoreReader reader, string org, string? leaf)
    {
        var chain = leaf is null ? [] : reader.Chain(org, leaf);
        var step = Math.Max(1, (int)Math.Ceiling(chain.Count / (double)MessagesMax));
        double last = 0;
        return [.. chain.Select((hash, at) => last = at % step == 0 || at == chain.Count - 1 ? reader.Message(org, hash)?.Body.GetRawText().Length ?? last : last)];
    }
}
