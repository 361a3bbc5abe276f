namespace Lethe.Ingest.Sqlite;

/// <summary>A session's counters, as sums over its exchanges <c>e</c>; told apart from <see cref="Meaning.ExchangeTally"/>, so that the one checks the other.</summary>
internal static class ExchangeSums
{
    public static IReadOnlyList<(string Name, string Sum)> Columns { get; } =
    [
        ("exchanges", "count(e.ingested)"),
        ("turns", "coalesce(sum(e.is_turn), 0)"),
        ("attempts", "coalesce(sum(e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded')), 0)"),
        ("errors", "coalesce(sum(e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response')), 0)"),
        ("input", "coalesce(sum(max(e.input, 0)), 0)"),
        ("cache_read", "coalesce(sum(max(e.cache_read, 0)), 0)"),
        ("cache_write_5m", "coalesce(sum(max(e.cache_write_5m, 0)), 0)"),
        ("cache_write_1h", "coalesce(sum(max(e.cache_write_1h, 0)), 0)"),
        ("output", "coalesce(sum(max(e.output, 0)), 0)"),
        ("reasoning", "coalesce(sum(max(e.reasoning, 0)), 0)"),
        ("cost_nano_usd", "coalesce(sum(max(e.cost_nano_usd, 0)), 0)"),
        ("unpriced_turns", "coalesce(sum(e.is_turn = 1 AND e.cost_nano_usd IS NULL), 0)"),
    ];
}
