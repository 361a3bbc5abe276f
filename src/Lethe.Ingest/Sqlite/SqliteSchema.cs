using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Sqlite;

/// <summary>The schema of a SQLite store.</summary>
internal static class SqliteSchema
{
    public static IReadOnlyList<Migration> Steps { get; } = Migration.Load("Lethe.Ingest.Sqlite");

    /// <summary>The version that this program writes.</summary>
    public static int Latest => Steps[^1].Version;
}
