using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Sqlite;

/// <summary>What the counters of sessions hold of rows that are gone, in statements' words.</summary>
internal static class ArchivedSums
{
    /// <summary>What follows an INSERT into <c>archived</c>, so that it adds.</summary>
    public static string Add { get; } = $"""
        ON CONFLICT DO UPDATE SET
          {string.Join(", ", SessionTotals.Names.Select(name => $"{name} = {name} + excluded.{name}"))},
          first_seen_at = min(coalesce(first_seen_at, excluded.first_seen_at), coalesce(excluded.first_seen_at, first_seen_at)),
          last_seen_at = max(coalesce(last_seen_at, excluded.last_seen_at), coalesce(excluded.last_seen_at, last_seen_at))
        """;

    /// <summary>An INSERT of what sessions <c>s</c> have archived, under another id; behind it further joins, a WHERE and <see cref="Add"/>.</summary>
    /// <param name="heir">The other id, as SQL.</param>
    public static string Hand(string heir) => $"""
        INSERT INTO archived (org, session_id, {SessionTotals.Columns}, first_seen_at, last_seen_at)
        SELECT a.org, {heir}, {string.Join(", ", SessionTotals.Names.Select(name => "a." + name))}, a.first_seen_at, a.last_seen_at
        FROM archived a
        JOIN sessions s ON s.org = a.org AND s.session_id = a.session_id
        """;
}
