using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Sqlite;

/// <summary>A statement that is compiled once and run many times. Its parameters are <c>?1</c>, <c>?2</c>, …; a row is read while nothing else runs it.</summary>
internal sealed class Prepared : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly SqliteCommand command;
    private readonly SqliteParameter[] parameters;

    public Prepared(SqliteConnection connection, string sql, int parameterCount = 0)
    {
        this.connection = connection;
        command = connection.CreateCommand();
        command.CommandText = sql;
        parameters = new SqliteParameter[parameterCount];
        for (var i = 0; i < parameterCount; i++)
        {
            parameters[i] = new SqliteParameter($"?{i + 1}", DBNull.Value);
            command.Parameters.Add(parameters[i]);
        }
    }

    /// <summary>Runs it; how many rows it changed.</summary>
    /// <param name="values">long, string, byte[] or null.</param>
    public int Run(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        command.ExecuteNonQuery();
        return raw.sqlite3_changes(connection.Handle!);
    }

    /// <summary>Runs an INSERT; the row's number.</summary>
    public long Insert(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        command.ExecuteNonQuery();
        return raw.sqlite3_last_insert_rowid(connection.Handle!);
    }

    /// <summary>The first column of the first row; null for none.</summary>
    public long? Number(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return command.ExecuteScalar() as long?;
    }

    /// <summary>To be disposed before it is run again.</summary>
    public SqliteDataReader Query(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return command.ExecuteReader();
    }

    public void Dispose() => command.Dispose();

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }
}
