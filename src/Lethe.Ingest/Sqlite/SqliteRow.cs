using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Columns as the store's types.</summary>
internal static class SqliteRow
{
    public static long? Long(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static string? Text(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static byte[]? Bytes(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    /// <summary>An id as sixteen bytes.</summary>
    public static Guid? Id(this SqliteDataReader row, int column) => row.Bytes(column) is { } bytes ? new Guid(bytes, bigEndian: true) : null;

    /// <summary>A session's id, as text.</summary>
    public static Guid? SessionId(this SqliteDataReader row, int column) => row.Text(column) is { } text ? Guid.ParseExact(text, "D") : null;

    /// <summary>A time and, in the column behind it, an exchange's id.</summary>
    public static CaptureClock? Clock(this SqliteDataReader row, int column) =>
        row.Long(column) is { } at ? new CaptureClock(at, row.Id(column + 1)!.Value) : null;

    public static byte[] Bytes(this Guid id) => id.ToByteArray(bigEndian: true);
}
