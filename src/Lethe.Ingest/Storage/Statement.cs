using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// A prepared statement, bound and stepped without the ADO layer, whose commands cost more than SQLite itself does for rows this small.
/// Parameters are bound in order, all of them each time. https://www.sqlite.org/c3ref/stmt.html
/// </summary>
internal sealed unsafe class Statement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly nint databaseHandle;
    private readonly nint handle;
    private readonly BoundValue[] parameters;
    private byte[] utf8 = new byte[512];
    private int bound;

    public Statement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
        databaseHandle = database.DangerousGetHandle();
        handle = statement.DangerousGetHandle();
        parameters = new BoundValue[raw.sqlite3_bind_parameter_count(statement)];
    }

    public Statement Bind(long value)
    {
        if (parameters[bound++].Becomes(value))
        {
            Check(Sqlite3.BindInt64(handle, bound, value));
        }

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

        if (parameters[bound++].Becomes(value))
        {
            var most = Encoding.UTF8.GetMaxByteCount(value.Length);
            if (utf8.Length < most)
            {
                utf8 = new byte[most];
            }

            var length = Encoding.UTF8.GetBytes(value, utf8);
            fixed (byte* text = utf8)
            {
                Check(Sqlite3.BindText(handle, bound, text, length, Sqlite3.Transient));
            }
        }

        return this;
    }

    /// <summary>Binds a blob; the bytes are copied before this returns.</summary>
    public Statement Bind(ReadOnlySpan<byte> value)
    {
        parameters[bound++].BecomesOther();
        fixed (byte* bytes = value)
        {
            // An empty span has no address, and SQLite takes no address for NULL.
            byte none = 0;
            Check(Sqlite3.BindBlob(handle, bound, bytes is null ? &none : bytes, value.Length, Sqlite3.Transient));
        }

        return this;
    }

    public Statement BindNull()
    {
        if (parameters[bound++].BecomesNull())
        {
            Check(Sqlite3.BindNull(handle, bound));
        }

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

            return Sqlite3.Changes(databaseHandle);
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
        return Sqlite3.LastInsertRowId(databaseHandle);
    }

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
        var code = Sqlite3.Step(handle);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code == raw.SQLITE_ROW;
        }

        throw Failure(code);
    }

    /// <summary>Ready for the next run. What was bound stays bound: to bind the same again costs nothing.</summary>
    public void Reset()
    {
        bound = 0;
        _ = Sqlite3.Reset(handle);
    }

    public bool IsNull(int column) => Sqlite3.ColumnType(handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => Sqlite3.ColumnInt64(handle, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public string? Text(int column) => IsNull(column) ? null : raw.sqlite3_column_text(statement, column).utf8_to_string();

    public byte[] Blob(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public byte[]? BlobOrNull(int column) => IsNull(column) ? null : Blob(column);

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            if (bound > 0)
            {
                parameters[bound - 1].BecomesOther();
                bound = 0;
            }

            throw Failure(code);
        }
    }

    private SqliteException Failure(int code) =>
        new(raw.sqlite3_errmsg(database).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(database));
}
