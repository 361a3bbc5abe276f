using System.Globalization;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>The months of exchanges: a table each, made before the first exchange of it comes, or with it.</summary>
internal sealed class PostgresPartitions(PostgresStatements statements)
{
    private readonly HashSet<DateOnly> known = [];

    /// <summary>Makes what is missing, and the month behind it, before the transaction that needs it.</summary>
    public void Make(IEnumerable<CapturedExchange> exchanges)
    {
        foreach (var month in exchanges.Select(exchange => MonthOf(exchange.CapturedAt)).Distinct().Where(month => !known.Contains(month)).ToList())
        {
            Make(month);
            Make(month.AddMonths(1));
            known.Add(month);
        }
    }

    /// <summary>Forgets what it has made: others may have dropped it.</summary>
    public void Forget() => known.Clear();

    private void Make(DateOnly month)
    {
        var name = $"exchanges_{month.ToString("yyyy_MM", CultureInfo.InvariantCulture)}";
        if (statements.Scalar("SELECT to_regclass($1)::text", Of(name)) is not null)
        {
            return;
        }

        // Made apart and attached, which keeps nobody from reading. The tables that it refers to are locked one after the other: nobody stores meanwhile,
        // and two recorders that need it make it once.
        statements.Run(
            $"""
            BEGIN;
            {PostgresLocks.KeepOthersOut};
            CREATE TABLE IF NOT EXISTS {name} (LIKE exchanges INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
            DO $$ BEGIN
              IF NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = '{name}'::regclass) THEN
                ALTER TABLE exchanges ATTACH PARTITION {name} FOR VALUES FROM ({From(month)}) TO ({From(month.AddMonths(1))});
              END IF;
            END $$;
            COMMIT;
            """);
    }

    private static DateOnly MonthOf(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month, 1);

    private static long From(DateOnly month) => Microseconds.Of(new DateTimeOffset(month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
}
