using Dapper;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Stands before an upgrade of a store: its past must be this program's own, and a copy of what it was is kept beside it.</summary>
internal static class MigrationGate
{
    /// <summary>Where the copy of a store of an earlier version is kept.</summary>
    public static string CopyOf(string path, int version) => $"{path}.v{version}.bak";

    /// <summary>Compares every step that was taken with the one that this program knows, and keeps a copy where steps are to follow.</summary>
    /// <exception cref="StoreRefusedException">A step was another one; the file is as it was.</exception>
    public static void Pass(SqliteConnection connection, string path, IReadOnlyList<Migration> steps)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version == 0)
        {
            return;
        }

        foreach (var (number, sha256) in Taken(connection))
        {
            if (steps.FirstOrDefault(step => step.Version == number) is { } known && known.Sha256 != sha256)
            {
                throw new StoreRefusedException(
                    $"Step {number} of the schema of {path} is not the one that this Lethe knows: expected {known.Sha256}, found {sha256}.");
            }
        }

        if (version < steps[^1].Version)
        {
            StoreBackup.Write(connection, CopyOf(path, version));
        }
    }

    private static IEnumerable<(int Version, string Sha256)> Taken(SqliteConnection connection) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations')")
            ? connection.Query<(int, string)>("SELECT version, sha256 FROM schema_migrations ORDER BY version")
            : [];
}
