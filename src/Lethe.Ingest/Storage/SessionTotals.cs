namespace Lethe.Ingest.Storage;

/// <summary>A session's counters while a transaction runs.</summary>
internal sealed class SessionTotals
{
    public const string Columns = "exchanges, turns, attempts, errors, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, tool_calls, nodes";

    private long exchanges;
    private ExchangeTally sum;

    public long ToolCalls { get; set; }

    public long Nodes { get; set; }

    public void Add(in ExchangeTally tally) => Apply(tally, 1);

    public void Subtract(in ExchangeTally tally) => Apply(tally, -1);

    /// <summary>Reads <see cref="Columns"/> from the given column on.</summary>
    public static SessionTotals Read(Statement row, int column) => new()
    {
        exchanges = row.Int64(column),
        sum = new ExchangeTally
        {
            Turns = row.Int64(column + 1),
            Attempts = row.Int64(column + 2),
            Errors = row.Int64(column + 3),
            Input = row.Int64(column + 4),
            CacheRead = row.Int64(column + 5),
            CacheWrite5m = row.Int64(column + 6),
            CacheWrite1h = row.Int64(column + 7),
            Output = row.Int64(column + 8),
            Reasoning = row.Int64(column + 9),
            CostNanoUsd = row.Int64(column + 10),
            UnpricedTurns = row.Int64(column + 11),
        },
        ToolCalls = row.Int64(column + 12),
        Nodes = row.Int64(column + 13),
    };

    /// <summary>Binds all of <see cref="Columns"/> in order.</summary>
    public Statement Bind(Statement update) => update
        .Bind(exchanges)
        .Bind(sum.Turns)
        .Bind(sum.Attempts)
        .Bind(sum.Errors)
        .Bind(sum.Input)
        .Bind(sum.CacheRead)
        .Bind(sum.CacheWrite5m)
        .Bind(sum.CacheWrite1h)
        .Bind(sum.Output)
        .Bind(sum.Reasoning)
        .Bind(sum.CostNanoUsd)
        .Bind(sum.UnpricedTurns)
        .Bind(ToolCalls)
        .Bind(Nodes);

    private void Apply(in ExchangeTally tally, int sign)
    {
        exchanges += sign;
        sum = new ExchangeTally
        {
            Turns = sum.Turns + (sign * tally.Turns),
            Attempts = sum.Attempts + (sign * tally.Attempts),
            Errors = sum.Errors + (sign * tally.Errors),
            Input = sum.Input + (sign * tally.Input),
            CacheRead = sum.CacheRead + (sign * tally.CacheRead),
            CacheWrite5m = sum.CacheWrite5m + (sign * tally.CacheWrite5m),
            CacheWrite1h = sum.CacheWrite1h + (sign * tally.CacheWrite1h),
            Output = sum.Output + (sign * tally.Output),
            Reasoning = sum.Reasoning + (sign * tally.Reasoning),
            CostNanoUsd = sum.CostNanoUsd + (sign * tally.CostNanoUsd),
            UnpricedTurns = sum.UnpricedTurns + (sign * tally.UnpricedTurns),
        };
    }
}
