using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Sqlite;

/// <summary>Tells a fault of one delivery from a fault of the store. Result codes: https://www.sqlite.org/rescode.html</summary>
internal static class SqliteFault
{
    /// <summary>The stable code when the delivery is to blame; null when the disk, a lock, the schema or the memory is.</summary>
    public static string? Of(Exception fault) => fault switch
    {
        SqliteException { SqliteExtendedErrorCode: raw.SQLITE_CONSTRAINT_FOREIGNKEY } => StoreFault.ForeignKey,
        SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT } => StoreFault.Constraint,
        SqliteException { SqliteErrorCode: raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE } => StoreFault.Upsert,
        SqliteException or IOException or OutOfMemoryException or ObjectDisposedException or TypeInitializationException or LeaseLostException or StoreUnavailableException => null,
        _ => StoreFault.Upsert,
    };
}
