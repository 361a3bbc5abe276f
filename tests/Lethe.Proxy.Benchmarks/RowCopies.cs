using System.Diagnostics;
using Dapper;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What a database takes at least for rows: they are put into empty tables of the same schema, with its indexes and keys, as fast as it offers. What searches is filled by another consumer, and is not among them.</summary>
internal static class RowCopies
{
    /// <summary>All rows of a store into a fresh file, a statement a table, one transaction.</summary>
    public static async Task<TimeSpan> SqliteAsync(string store, string floor)
    {
        using var connection = await LetheDatabase.OpenAsync(floor, TimeProvider.System);
        connection.Execute("PRAGMA foreign_keys = OFF; ATTACH @store AS filled", new { store });
        var tables = connection.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_%' AND name <> 'schema_migrations'").ToList();
        tables.ForEach(table => connection.Execute($"DELETE FROM main.{table}"));
        // What the database counts by itself is among the rows.
        connection.Query<string>("SELECT name FROM main.sqlite_schema WHERE type = 'trigger'").ToList().ForEach(trigger => connection.Execute($"DROP TRIGGER main.{trigger}"));
        var clock = Stopwatch.StartNew();
        using (var transaction = connection.BeginTransaction())
        {
            tables.ForEach(table => connection.Execute($"INSERT INTO main.{table} SELECT * FROM filled.{table}", transaction: transaction, commandTimeout: 0));
            transaction.Commit();
        }

        return clock.Elapsed;
    }

    /// <summary>All rows of a database out and, by COPY, into another that is made of its schema; only what goes in is timed.</summary>
    public static TimeSpan Postgres(PostgresUnderTest server, string database)
    {
        var floor = server.Copy(database);
        using var from = new NpgsqlConnection(server.ConnectionTo(database));
        using var into = new NpgsqlConnection(server.ConnectionTo(floor));
        from.Open();
        into.Open();
        var tables = into.Query<string>("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migrations' AND c.relname NOT LIKE 'search_%'").ToList();
        into.Execute($"SET session_replication_role = replica; TRUNCATE {string.Join(", ", tables)} CASCADE");
        var rows = tables.Select(table => (Table: table, Bytes: Out(from, table))).ToList();
        var clock = Stopwatch.StartNew();
        using (var transaction = into.BeginTransaction())
        {
            foreach (var (table, bytes) in rows)
            {
                using var copy = into.BeginRawBinaryCopy($"COPY {table} FROM STDIN (FORMAT binary)");
                copy.Write(bytes);
            }

            transaction.Commit();
        }

        return clock.Elapsed;
    }

    private static byte[] Out(NpgsqlConnection connection, string table)
    {
        using var copy = connection.BeginRawBinaryCopy($"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)");
        using var bytes = new MemoryStream();
        copy.CopyTo(bytes);
        return bytes.ToArray();
    }
}
