using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Sqlite;

/// <summary>The rows of a statement, one at a time; with columns as the store's types. Disposed, the statement can be run again.</summary>
internal sealed class SqliteRow(SqliteConnection connection, sqlite3_stmt statement) : IDisposable
{
    /// <summary>False behind the last row.</summary>
    public bool Read()
    {
        var code = raw.sqlite3_step(statement);
        if (code is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            SqliteException.ThrowExceptionForRC(code, connection.Handle);
        }

        return code == raw.SQLITE_ROW;
    }

    public long GetInt64(int column) => raw.sqlite3_column_int64(statement, column);

    public string GetString(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public long? Long(int column) => IsNull(column) ? null : GetInt64(column);

    public string? Text(int column) => IsNull(column) ? null : GetString(column);

    public byte[]? Bytes(int column) => IsNull(column) ? null : raw.sqlite3_column_blob(statement, column).ToArray();

    /// <summary>An id as sixteen bytes.</summary>
    public Guid? Id(int column) => IsNull(column) ? null : new Guid(raw.sqlite3_column_blob(statement, column), bigEndian: true);

    /// <summary>A session's id, as text.</summary>
    public Guid? SessionId(int column) => Text(column) is { } text ? Guid.ParseExact(text, "D") : null;

    /// <summary>A time and, in the column behind it, an exchange's id.</summary>
    public CaptureClock? Clock(int column) => Long(column) is { } at ? new CaptureClock(at, Id(column + 1)!.Value) : null;

    public void Dispose() => _ = raw.sqlite3_reset(statement);

    private bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;
}
