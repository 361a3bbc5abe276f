namespace Lethe.Ingest.Storage;

/// <summary>A session's counters while a transaction runs.</summary>
internal sealed class SessionTotals
{
    public const string Columns = ExchangeTally.Columns + ", tool_calls, nodes";

    private ExchangeTally sum;

    public long ToolCalls { get; set; }

    public long Nodes { get; set; }

    public void Add(in ExchangeTally tally) => Apply(tally, 1);

    public void Subtract(in ExchangeTally tally) => Apply(tally, -1);

    /// <summary>Reads <see cref="Columns"/> from the given column on.</summary>
    public static SessionTotals Read(Statement row, int column)
    {
        var totals = new SessionTotals
        {
            ToolCalls = row.Int64(column + ExchangeTally.Count),
            Nodes = row.Int64(column + ExchangeTally.Count + 1),
        };
        for (var i = 0; i < ExchangeTally.Count; i++)
        {
            totals.sum[i] = row.Int64(column + i);
        }

        return totals;
    }

    /// <summary>Binds all of <see cref="Columns"/> in order.</summary>
    public Statement Bind(Statement update)
    {
        foreach (var counter in sum)
        {
            update.Bind(counter);
        }

        return update.Bind(ToolCalls).Bind(Nodes);
    }

    private void Apply(in ExchangeTally tally, int sign)
    {
        for (var i = 0; i < ExchangeTally.Count; i++)
        {
            sum[i] += sign * tally[i];
        }
    }
}
