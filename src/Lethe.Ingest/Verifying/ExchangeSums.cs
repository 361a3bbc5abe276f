namespace Lethe.Ingest.Verifying;

/// <summary>A session's counters, as sums over its exchanges <c>e</c>, in the SQL of every store; told apart from <see cref="Meaning.ExchangeTally"/>, so that the one checks the other.</summary>
internal static class ExchangeSums
{
    public static IReadOnlyList<(string Name, string Sum)> Columns { get; } =
    [
        ("exchanges", "count(e.ingested)"),
        ("turns", "count(*) FILTER (WHERE e.is_turn = 1)"),
        ("attempts", "count(*) FILTER (WHERE e.is_turn = 0 AND e.outcome NOT IN ('completed', 'not_decoded'))"),
        ("errors", "count(*) FILTER (WHERE e.outcome IN ('upstream_error', 'upstream_aborted', 'no_response'))"),
        .. new[] { "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "cost_nano_usd" }
            .Select(name => (name, $"CAST(coalesce(sum(CASE WHEN e.{name} > 0 THEN e.{name} END), 0) AS bigint)")),
        ("unpriced_turns", "count(*) FILTER (WHERE e.is_turn = 1 AND e.cost_nano_usd IS NULL)"),
    ];
}
