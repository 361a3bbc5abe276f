using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// A prepared statement, bound and stepped without the ADO layer, whose commands cost more than SQLite itself does for rows this small.
/// Parameters are bound in order. https://www.sqlite.org/c3ref/stmt.html
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private byte[] utf8 = new byte[512];
    private int bound;

    public Statement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
    }

    public Statement Bind(long value)
    {
        Check(raw.sqlite3_bind_int64(statement, ++bound, value));
        return this;
    }

    public Statement Bind(long? value) => value is { } known ? Bind(known) : BindNull();

    public Statement Bind(bool value) => Bind(value ? 1L : 0L);

    public Statement Bind(string? value)
    {
        if (value is null)
        {
            return BindNull();
        }

        if (value.Length == 0)
        {
            // An empty span has no address, and SQLite takes no address for NULL.
            Check(raw.sqlite3_bind_text(statement, ++bound, ""));
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (utf8.Length < most)
        {
            utf8 = new byte[most];
        }

        var length = Encoding.UTF8.GetBytes(value, utf8);
        Check(raw.sqlite3_bind_text(statement, ++bound, utf8.AsSpan(0, length)));
        return this;
    }

    /// <summary>Binds a blob; the bytes are copied before this returns.</summary>
    public Statement Bind(ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, ++bound, 0) : raw.sqlite3_bind_blob(statement, ++bound, value));
        return this;
    }

    public Statement BindNull()
    {
        Check(raw.sqlite3_bind_null(statement, ++bound));
        return this;
    }

    /// <summary>Runs it for its effect; how many rows it changed.</summary>
    public int Run()
    {
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(database);
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Inserts one row; its rowid.</summary>
    public long Insert()
    {
        Run();
        return raw.sqlite3_last_insert_rowid(database);
    }

    /// <summary>Inserts one row; its rowid, or null when a conflict kept it out.</summary>
    public long? InsertOrNull() => Run() == 0 ? null : raw.sqlite3_last_insert_rowid(database);

    /// <summary>The first column of the first row, or null.</summary>
    public long? Scalar()
    {
        try
        {
            return Step() ? Int64OrNull(0) : null;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>One row further; false at the end. Whoever steps resets.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code == raw.SQLITE_ROW;
        }

        throw Failure(code);
    }

    public void Reset()
    {
        bound = 0;
        _ = raw.sqlite3_reset(statement);
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(statement, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public string? Text(int column) => IsNull(column) ? null : raw.sqlite3_column_text(statement, column).utf8_to_string();

    public byte[] Blob(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public byte[]? BlobOrNull(int column) => IsNull(column) ? null : Blob(column);

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code);
        }
    }

    private SqliteException Failure(int code) =>
        new(raw.sqlite3_errmsg(database).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(database));
}
