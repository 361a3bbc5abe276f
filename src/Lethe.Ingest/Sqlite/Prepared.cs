using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// A statement that is compiled when it is first run and run many times, bound and stepped without the ADO layer: its commands look for every parameter by
/// name, at every run. Parameters are <c>?1</c>, <c>?2</c>, …, all of them given each time. https://www.sqlite.org/c3ref/stmt.html
/// </summary>
internal sealed class Prepared(SqliteConnection connection, string sql) : IDisposable
{
    private const int StackBytes = 512;

    private sqlite3_stmt? statement;
    private SqliteRow? row;

    /// <summary>Runs it; how many rows it changed.</summary>
    /// <param name="values">long, string, byte[] or null.</param>
    public int Run(params ReadOnlySpan<object?> values)
    {
        Finish(Bind(values));
        return raw.sqlite3_changes(connection.Handle!);
    }

    /// <summary>Runs an INSERT; the row's number.</summary>
    public long Insert(params ReadOnlySpan<object?> values)
    {
        Finish(Bind(values));
        return raw.sqlite3_last_insert_rowid(connection.Handle!);
    }

    /// <summary>The first column of the first row; null for none.</summary>
    public long? Number(params ReadOnlySpan<object?> values)
    {
        using var first = Query(values);
        return first.Read() ? first.Long(0) : null;
    }

    /// <summary>To be disposed before it is run again.</summary>
    public SqliteRow Query(params ReadOnlySpan<object?> values)
    {
        var bound = Bind(values);
        return row ??= new SqliteRow(connection, bound);
    }

    public void Dispose() => statement?.Dispose();

    private void Finish(sqlite3_stmt bound)
    {
        try
        {
            int code;
            while ((code = raw.sqlite3_step(bound)) == raw.SQLITE_ROW)
            {
                // What it returns is not asked for.
            }

            Check(code);
        }
        finally
        {
            _ = raw.sqlite3_reset(bound);
        }
    }

    private sqlite3_stmt Bind(ReadOnlySpan<object?> values)
    {
        if (statement is null)
        {
            Check(raw.sqlite3_prepare_v3(connection.Handle!, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
        }

        for (var i = 0; i < values.Length; i++)
        {
            Check(values[i] switch
            {
                null => raw.sqlite3_bind_null(statement, i + 1),
                long number => raw.sqlite3_bind_int64(statement, i + 1, number),
                string text => BindText(statement, i + 1, text),
                byte[] bytes => raw.sqlite3_bind_blob(statement, i + 1, bytes),
                var other => throw new ArgumentException($"{other.GetType()} is no value of a column.", nameof(values)),
            });
        }

        return statement;
    }

    private static int BindText(sqlite3_stmt statement, int place, string text)
    {
        if (text.Length == 0)
        {
            // No bytes have no address, and that would be NULL.
            return raw.sqlite3_bind_text(statement, place, utf8z.FromString(text));
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = most > StackBytes ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> utf8 = rented ?? stackalloc byte[StackBytes];
        var code = raw.sqlite3_bind_text(statement, place, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return code;
    }

    private void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            SqliteException.ThrowExceptionForRC(code, connection.Handle);
        }
    }
}
