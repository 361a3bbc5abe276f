using Dapper;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Postgres;

/// <summary>What a sharded PostgreSQL needs to distribute the tables by organisation: every key of theirs begins with it.</summary>
public sealed class DistributionTests
{
    /// <summary>What recorders keep of themselves and their journals; it stays on the coordinator.</summary>
    private static readonly string[] OfRecorders = ["dead_letters", "erasures", "forgetting", "journal_cursors", "leases", "schema_migrations"];

    [Fact]
    public void Every_key_of_a_table_with_traffic_begins_with_the_organisation()
    {
        using var store = PostgresTestStore.Open();

        var keys = store.Connection.Query<(string Table, string Column)>(
            """
            SELECT t.relname, a.attname
            FROM pg_index i
            JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p') AND NOT t.relispartition
            JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
            WHERE i.indisunique
            """).ToLookup(key => key.Table, key => key.Column);
        var tables = store.Connection.Query<string>(
            """
            SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace AND n.nspname = 'public'
            WHERE relkind IN ('r', 'p') AND NOT relispartition
            """);

        Assert.Equal(OfRecorders, tables.Where(table => !keys[table].Any() || keys[table].Any(column => column != "org")).Order(StringComparer.Ordinal));
    }
}
