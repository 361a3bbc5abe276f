using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>Tells a fault of one delivery from a fault of the store. Result codes: https://www.sqlite.org/rescode.html</summary>
public static class StoreFault
{
    public const string ForeignKey = "DB_FOREIGN_KEY";
    public const string Constraint = "DB_CONSTRAINT";
    public const string Upsert = "DB_UPSERT";

    /// <summary>The stable code when the delivery is to blame; null when the disk, a lock or the memory is, and a later try may succeed.</summary>
    public static string? Of(Exception fault) => fault switch
    {
        SqliteException { SqliteExtendedErrorCode: raw.SQLITE_CONSTRAINT_FOREIGNKEY } => ForeignKey,
        SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT } => Constraint,
        SqliteException { SqliteErrorCode: raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE } => Upsert,
        SqliteException or IOException or OutOfMemoryException or ObjectDisposedException => null,
        _ => Upsert,
    };
}
