using System.Runtime.CompilerServices;
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
    /// <summary>What is not longer is bound where it lies, in the parameter's own place, and SQLite need not copy it.</summary>
    private const int PlaceBytes = 128;

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly nint databaseHandle;
    private readonly nint handle;
    private readonly BoundValue[] parameters;
    private readonly byte[] places;
    private byte[] utf8 = [];
    private int bound;

    public Statement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
        databaseHandle = database.DangerousGetHandle();
        handle = statement.DangerousGetHandle();
        parameters = new BoundValue[raw.sqlite3_bind_parameter_count(statement)];
        places = GC.AllocateUninitializedArray<byte>(parameters.Length * PlaceBytes, pinned: true);
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

        if (!parameters[bound++].Becomes(value))
        {
            return this;
        }

        if (value.Length <= PlaceBytes && Encoding.UTF8.TryGetBytes(value, Place(), out var length))
        {
            Check(Sqlite3.BindTextInPlace(handle, bound, Address(), length, Sqlite3.Static));
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (utf8.Length < most)
        {
            utf8 = new byte[most];
        }

        fixed (byte* text = utf8)
        {
            Check(Sqlite3.BindText(handle, bound, text, Encoding.UTF8.GetBytes(value, utf8), Sqlite3.Transient));
        }

        return this;
    }

    /// <summary>Binds a blob; the bytes are copied before this returns.</summary>
    public Statement Bind(ReadOnlySpan<byte> value)
    {
        parameters[bound++].BecomesOther();
        if (value.TryCopyTo(Place()))
        {
            // An empty one too: SQLite takes no address for NULL, and a place has one.
            Check(Sqlite3.BindBlobInPlace(handle, bound, Address(), value.Length, Sqlite3.Static));
            return this;
        }

        fixed (byte* bytes = value)
        {
            Check(Sqlite3.BindBlob(handle, bound, bytes, value.Length, Sqlite3.Transient));
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

    private Span<byte> Place() => new(Address(), PlaceBytes);

    // Pinned for as long as the statement lives.
    private byte* Address() => (byte*)Unsafe.AsPointer(ref places[(bound - 1) * PlaceBytes]);

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
