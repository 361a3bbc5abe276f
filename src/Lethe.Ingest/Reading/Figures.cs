namespace Lethe.Ingest.Reading;

/// <summary>By what figures are told apart.</summary>
public enum FigureKey
{
    Day,
    Model,
    Harness,
    Project,

    /// <summary>The main agent, or sub-agents.</summary>
    Agent,

    /// <summary>What the calls were for.</summary>
    Kind,
}

/// <summary>Which figures to read.</summary>
public sealed record FigureFilter
{
    public FigureKey By { get; init; } = FigureKey.Day;

    /// <summary>Apart by hours or days besides; null for all time in one.</summary>
    public TimeSpan? Bucket { get; init; }

    /// <summary>From the hour on in which this lies.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Up to the hour in which this lies, which is left out.</summary>
    public DateTimeOffset? Until { get; init; }

    public string? HarnessId { get; init; }

    public string? Model { get; init; }

    public string? Project { get; init; }
}

/// <summary>What calls of one kind add up to. Money is list price; calls that no price is known for count in <see cref="UnpricedTurns"/>.</summary>
public sealed record Figures
{
    /// <summary>The day (UTC), model, harness, …; empty where it was not told.</summary>
    public string Key { get; init; } = "";

    /// <summary>Where the bucket begins; null where all time is in one.</summary>
    public DateTimeOffset? At { get; init; }

    public long Exchanges { get; init; }

    public long Turns { get; init; }

    public long Attempts { get; init; }

    public long Errors { get; init; }

    /// <summary>Input tokens neither read from nor written to a cache.</summary>
    public long Input { get; init; }

    public long CacheRead { get; init; }

    public long CacheWrite { get; init; }

    public long Output { get; init; }

    public long Reasoning { get; init; }

    public long CostNanoUsd { get; init; }

    public long UnpricedTurns { get; init; }

    /// <summary>Of calls that gave no turn.</summary>
    public long FailedCostNanoUsd { get; init; }

    /// <summary>All input tokens.</summary>
    public long InputTotal => Input + CacheRead + CacheWrite;

    /// <summary>All of them together.</summary>
    public static Figures Sum(string key, IEnumerable<Figures> parts) => parts.Aggregate(new Figures { Key = key }, (sum, part) => sum with
    {
        Exchanges = sum.Exchanges + part.Exchanges,
        Turns = sum.Turns + part.Turns,
        Attempts = sum.Attempts + part.Attempts,
        Errors = sum.Errors + part.Errors,
        Input = sum.Input + part.Input,
        CacheRead = sum.CacheRead + part.CacheRead,
        CacheWrite = sum.CacheWrite + part.CacheWrite,
        Output = sum.Output + part.Output,
        Reasoning = sum.Reasoning + part.Reasoning,
        CostNanoUsd = sum.CostNanoUsd + part.CostNanoUsd,
        UnpricedTurns = sum.UnpricedTurns + part.UnpricedTurns,
        FailedCostNanoUsd = sum.FailedCostNanoUsd + part.FailedCostNanoUsd,
    });
}
