using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Writes tables of words anew: what was deleted stays in its page until something is written over it, and a table that is written anew has none of it.</summary>
/// <param name="lockTimeout">How long other transactions that use a table are waited for, in PostgreSQL's words.</param>
internal sealed partial class PostgresCompacting(string connectionString, string lockTimeout)
{
    private const double WaitSeconds = 0.1;

    // Details may hold what is in rows, and are not asked for where rows are written.
    private readonly string connectionString = new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = "lethe",
        CommandTimeout = 0,
        IncludeErrorDetail = true,
        Pooling = false,
    }.ConnectionString;

    /// <summary>
    /// False, after a short wait, where rows that are deleted went along, because the snapshot of another transaction may still see them: a reader's, or that of the
    /// server's own ANALYZE.
    /// </summary>
    public bool TryRun()
    {
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        connection.Execute($"SET lock_timeout = '{lockTimeout}'");
        var kept = 0L;
        connection.Notice += (_, told) => kept += KeptRows(told.Notice.Detail);
        connection.Execute("VACUUM (FULL, VERBOSE) exchanges, sessions, session_nodes, nodes, blobs, tool_calls, dead_letters, search_postings, figures, figure_days");
        if (kept > 0)
        {
            connection.Execute("SELECT pg_sleep(@WaitSeconds)", new { WaitSeconds });
        }

        return kept == 0;
    }

    // «N dead row versions cannot be removed yet», in the server's language: the first number.
    private static long KeptRows(string? detail) =>
        detail is not null && Number().Match(detail) is { Success: true } number ? long.Parse(number.ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
