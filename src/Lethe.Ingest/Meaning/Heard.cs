using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>What an answer used and cost, as far as the store keeps it. Tokens in disjoint buckets, money in nano-USD; null is «not told».</summary>
internal sealed record Heard
{
    public static Heard Nothing { get; } = new();

    public bool? Final { get; init; }

    public long? Input { get; init; }

    public long? CacheRead { get; init; }

    public long? CacheWrite5m { get; init; }

    public long? CacheWrite1h { get; init; }

    public long? Output { get; init; }

    public long? Reasoning { get; init; }

    public long? CostNanoUsd { get; init; }

    /// <summary>What the cost is made of.</summary>
    public CostParts? CostParts { get; init; }

    /// <summary>The vendor's own word.</summary>
    public long? CostReportedNanoUsd { get; init; }

    public string? PriceBook { get; init; }

    public static Heard Of(BatchResult result) => new()
    {
        Input = result.Usage.Input,
        CacheRead = result.Usage.CacheRead,
        CacheWrite5m = result.Usage.CacheWrite5m,
        CacheWrite1h = result.Usage.CacheWrite1h,
        Output = result.Usage.Output,
        Reasoning = result.Usage.Reasoning,
        CostNanoUsd = result.Cost?.NanoUsd,
        CostParts = result.Cost?.Parts,
        CostReportedNanoUsd = result.Usage.ReportedCostNanoUsd,
    };

    /// <summary>What is left of it without a part; what was not told stays so.</summary>
    public Heard Less(Heard part) => this with
    {
        Input = Input - (part.Input ?? 0),
        CacheRead = CacheRead - (part.CacheRead ?? 0),
        CacheWrite5m = CacheWrite5m - (part.CacheWrite5m ?? 0),
        CacheWrite1h = CacheWrite1h - (part.CacheWrite1h ?? 0),
        Output = Output - (part.Output ?? 0),
        Reasoning = Reasoning - (part.Reasoning ?? 0),
        CostNanoUsd = CostNanoUsd - (part.CostNanoUsd ?? 0),
        CostParts = CostParts is { } parts && part.CostParts is { } less ? parts - less : CostParts,
        CostReportedNanoUsd = CostReportedNanoUsd - (part.CostReportedNanoUsd ?? 0),
    };

    public static Heard Of(InterpretedExchange told)
    {
        var usage = told.Turn?.Usage;
        return new Heard
        {
            Final = usage?.Final,
            Input = usage?.Input,
            CacheRead = usage?.CacheRead,
            CacheWrite5m = usage?.CacheWrite5m,
            CacheWrite1h = usage?.CacheWrite1h,
            Output = usage?.Output,
            Reasoning = usage?.Reasoning,
            CostNanoUsd = told.Cost?.NanoUsd,
            CostParts = told.Cost?.Parts,
            CostReportedNanoUsd = told.Turn?.ReportedCostNanoUsd ?? usage?.ReportedCostNanoUsd,
            PriceBook = told.Cost?.PriceBook,
        };
    }
}

/// <summary>What is kept of an answer beside an exchange that only repeats it.</summary>
internal sealed record RepeatedAnswer(bool HasReply, Heard Heard);

/// <summary>A column that tells of an answer.</summary>
internal sealed record HeardFact(string Column, FactKind Kind, Func<Heard, object?> Of);

/// <summary>An answer's usage and cost as its row tells them.</summary>
internal static class HeardFacts
{
    public static IReadOnlyList<HeardFact> All { get; } =
    [
        new("usage_final", FactKind.Integer, heard => heard.Final is { } final ? final ? 1L : 0L : null),
        Integer("input", heard => heard.Input),
        Integer("cache_read", heard => heard.CacheRead),
        Integer("cache_write_5m", heard => heard.CacheWrite5m),
        Integer("cache_write_1h", heard => heard.CacheWrite1h),
        Integer("output", heard => heard.Output),
        Integer("reasoning", heard => heard.Reasoning),
        Integer("cost_nano_usd", heard => heard.CostNanoUsd),
        new("cost_parts", FactKind.Text, heard => heard.CostParts is { } parts ? JsonSerializer.Serialize(parts, StoredJson.Default.CostParts) : null),
        Integer("cost_reported_nano_usd", heard => heard.CostReportedNanoUsd),
        new("price_book", FactKind.Text, heard => heard.PriceBook),
    ];

    private static HeardFact Integer(string column, Func<Heard, long?> of) => new(column, FactKind.Integer, heard => of(heard));
}
