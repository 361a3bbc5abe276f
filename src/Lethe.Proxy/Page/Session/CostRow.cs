using System.Globalization;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>One kind of tokens in a call's price.</summary>
/// <param name="Kind">As the chart's colours are named: <c>read</c>, <c>write</c>, <c>input</c> or <c>output</c>.</param>
/// <param name="NanoUsd">Null where it is not known, or where the kinds' prices do not add up to the call's: then the call has a price of another kind too.</param>
public sealed record CostRow(string Kind, string Name, long? Tokens, long? NanoUsd)
{
    /// <summary>Nano-USD for a million of them; null where none were used or the price is not known.</summary>
    public long? PerMillionNanoUsd => Tokens > 0 && NanoUsd is { } paid ? (long)((decimal)paid * 1_000_000 / Tokens.Value) : null;

    // What rounding may take from a sum of many; a tier or a tool's own price is more.
    private const double OffMax = 0.01;

    /// <summary>Of all calls together, a model's at once.</summary>
    public static IReadOnlyList<CostRow> Of(IEnumerable<ExchangeRecord> calls) =>
    [
        .. calls.Where(call => call is { Usage: not null, CostNanoUsd: not null })
            .GroupBy(call => (call.Provider, call.ModelServed, call.ModelRequested))
            .SelectMany(calls => Of(calls.First() with { Usage = Sum([.. calls.Select(call => call.Usage!)]), CostNanoUsd = calls.Sum(call => call.CostNanoUsd) }))
            .GroupBy(row => row.Kind)
            .Select(rows => new CostRow(rows.Key, rows.Key, rows.Sum(row => row.Tokens ?? 0), rows.Any(row => row.NanoUsd is null) ? null : rows.Sum(row => row.NanoUsd))),
    ];

    public static IReadOnlyList<CostRow> Of(ExchangeRecord call)
    {
        var usage = call.Usage;
        var (hour, minutes) = (usage?.CacheWrite1hTokens ?? 0, usage?.CacheWrite5mTokens ?? 0);
        var fresh = usage?.InputTokens is { } input ? input - (usage.CacheReadTokens ?? 0) - (usage.CacheWriteTokens ?? 0) : (long?)null;
        List<CostRow> rows =
        [
            Row("read", "cache read", usage?.CacheReadTokens, tokens => new Usage { CacheRead = tokens }),
            hour > 0 && minutes == 0
                ? Row("write", "cache write, 1 h", usage?.CacheWriteTokens, tokens => new Usage { CacheWrite1h = tokens })
                : Row("write", "cache write", usage?.CacheWriteTokens, tokens => new Usage { CacheWrite5m = tokens - hour, CacheWrite1h = hour }),
            Row("input", "uncached input", fresh, tokens => new Usage { Input = tokens }),
            Row("output", usage?.ReasoningTokens is > 0 and var thought ? $"output, {Captured.Figure.Exact(thought)} of it reasoning" : "output", usage?.OutputTokens, tokens => new Usage { Output = tokens }),
        ];
        return Math.Abs(rows.Sum(row => row.NanoUsd ?? 0) - (call.CostNanoUsd ?? 0)) <= OffMax * (call.CostNanoUsd ?? 0) ? rows : rows.ConvertAll(row => row with { NanoUsd = null });

        CostRow Row(string kind, string name, long? tokens, Func<long, Usage> of) => new(kind, name, tokens, tokens switch
        {
            null => null,
            0 => 0,
            { } known => Price(call, of(known)),
        });
    }

    private static UsageRecord Sum(IReadOnlyList<UsageRecord> all) => new()
    {
        Source = all[0].Source,
        InputTokens = all.Sum(usage => usage.InputTokens),
        CacheReadTokens = all.Sum(usage => usage.CacheReadTokens),
        CacheWriteTokens = all.Sum(usage => usage.CacheWriteTokens),
        CacheWrite5mTokens = all.Sum(usage => usage.CacheWrite5mTokens),
        CacheWrite1hTokens = all.Sum(usage => usage.CacheWrite1hTokens),
        OutputTokens = all.Sum(usage => usage.OutputTokens),
    };

    private static long? Price(ExchangeRecord call, Usage usage) => PriceBook.Embedded.Price(
        new Turn
        {
            Provider = call.Provider ?? "",
            Endpoint = "",
            Operation = Operation.Chat,
            ModelServed = call.ModelServed,
            ModelRequested = call.ModelRequested,
            Usage = usage with { Final = true },
        },
        DateTimeOffset.Parse(call.CapturedAt, CultureInfo.InvariantCulture))?.NanoUsd;
}
