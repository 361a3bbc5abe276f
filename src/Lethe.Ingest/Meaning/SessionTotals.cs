using System.Runtime.CompilerServices;

namespace Lethe.Ingest.Meaning;

/// <summary>A session's counters, or what is added to them: a number for each of <see cref="Columns"/>.</summary>
[InlineArray(Count)]
internal struct SessionTotals
{
    public const int Count = ExchangeTally.Count + 2;

    public const string Columns = ExchangeTally.Columns + ", tool_calls, nodes";

    public static readonly string[] Names = Columns.Split(", ");

    private const int TurnsAt = 1;
    private const int ToolCallsAt = ExchangeTally.Count;
    private const int NodesAt = ToolCallsAt + 1;

    private long first;

    public readonly long Exchanges => this[0];

    public readonly long Turns => this[TurnsAt];

    public long ToolCalls
    {
        readonly get => this[ToolCallsAt];
        set => this[ToolCallsAt] = value;
    }

    public long Nodes
    {
        readonly get => this[NodesAt];
        set => this[NodesAt] = value;
    }

    public void Add(in ExchangeTally tally, int sign)
    {
        for (var i = 0; i < ExchangeTally.Count; i++)
        {
            this[i] += sign * tally[i];
        }
    }

    public void Add(in SessionTotals other)
    {
        for (var i = 0; i < Count; i++)
        {
            this[i] += other[i];
        }
    }
}
