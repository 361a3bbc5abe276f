using System.Globalization;
using System.Text.RegularExpressions;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>A stretch of a prompt.</summary>
/// <param name="Kind">As the chart's colours are named: <c>tool</c> (as before), <c>write</c> (paid again), <c>input</c> (new).</param>
/// <param name="Share">Of the whole prompt, 0 to 1.</param>
public sealed record LadderPart(string Kind, string Name, double Share);

/// <summary>
/// A prompt in the order in which it is cached (tools, system prompt, messages), and where it first differs from the one before it. The vendor counts tokens of the
/// whole only: a part's are told by its share of the characters.
/// </summary>
public sealed partial record CacheLadder
{
    public required IReadOnlyList<LadderPart> Parts { get; init; }

    /// <summary>Where the first difference is, 0 to 1; null where nothing differs.</summary>
    public double? Cut { get; init; }

    /// <summary>The first difference in words: <c>tool 14 of 24</c>.</summary>
    public string? Where { get; init; }

    /// <summary>The turn of the call that left the cache; null where it is none of this session's.</summary>
    public int? BeforeSeq { get; init; }

    /// <summary>From the call before to this one.</summary>
    public TimeSpan? After { get; init; }

    /// <summary>The cache's marks, 0 to 1, with how long each was to be kept.</summary>
    public IReadOnlyList<(double At, string Ttl)> Marks { get; init; } = [];

    /// <summary>Null where the call missed nothing, or nothing of its prompt is kept.</summary>
    public static CacheLadder? Of(StoreReader reader, string org, ExchangeRecord? call)
    {
        if (call is null || !CacheWords.IsMissed(call) || call is not { Cache: { } cache, Chain: { } chain })
        {
            return null;
        }

        var before = cache.ComparedWith is { } id ? reader.Exchange(org, id) : null;
        if (PromptLengths.Of(reader, org, chain) is not { } lengths)
        {
            return null;
        }

        var (tools, system, messages, whole) = (lengths.Tools, lengths.System, lengths.Messages, lengths.Whole);
        var known = Math.Min(before?.Chain?.Length ?? messages.Count, messages.Count);
        var (cut, where) = Difference(cache.FirstDifference);
        return new CacheLadder
        {
            Parts = [.. Parts(cut ?? 0)],
            Cut = cut / whole,
            Where = where,
            BeforeSeq = before?.Session?.Id == call.Session?.Id ? before?.Turn.Seq : null,
            After = before is null ? null : AgentView.At(call) - AgentView.At(before),
            Marks = [.. cache.Marks.Select(mark => (MarkAt(mark) / whole, mark.Ttl))],
        };

        IEnumerable<LadderPart> Parts(double same)
        {
            double at = 0;
            foreach (var (name, length, isNew) in new[]
            {
                ("tools", (double)tools.Sum(), false), ("system", system.Sum(), false),
                ($"{known} messages", messages.Take(known).Sum(), false), ($"{messages.Count - known} new", messages.Skip(known).Sum(), true),
            })
            {
                var equal = Math.Clamp(same - at, 0, length);
                if (equal > 0 && !isNew)
                {
                    yield return new LadderPart("tool", name, equal / whole);
                }

                if (length - (isNew ? 0 : equal) is > 0 and var rest)
                {
                    yield return new LadderPart(isNew ? "input" : "write", equal > 0 && !isNew ? "" : name, rest / whole);
                }

                at += length;
            }
        }

        (double?, string?) Difference(string? first)
        {
            if (first is null || Place().Match(first) is not { Success: true } place)
            {
                return (first is "model" ? 0 : null, first);
            }

            var index = int.Parse(place.Groups["at"].Value, CultureInfo.InvariantCulture);
            return place.Groups["list"].Value switch
            {
                "tools" => (tools.Take(index).Sum(), $"tool {index + 1} of {tools.Count}"),
                "system" => (tools.Sum() + system.Take(index).Sum(), $"block {index + 1} of the system prompt"),
                _ => (tools.Sum() + system.Sum() + messages.Take(index).Sum(), $"message {index + 1} of {messages.Count}"),
            };
        }

        double MarkAt(CacheMarkRecord mark) => mark.Scope switch
        {
            "tools" => tools.Take((mark.Index ?? (tools.Count - 1)) + 1).Sum(),
            "system" => tools.Sum() + system.Take((mark.Index ?? (system.Count - 1)) + 1).Sum(),
            "messages" => tools.Sum() + system.Sum() + messages.Take((mark.Index ?? (messages.Count - 1)) + 1).Sum(),
            _ => whole,
        };
    }

    [GeneratedRegex(@"^(?<list>tools|system|messages)\[(?<at>[0-9]{1,9})\]")]
    private static partial Regex Place();
}
