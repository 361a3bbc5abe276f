using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>Looks for every fault of a store, alone and against its journal, and tells each as it is found; changes nothing.</summary>
public sealed class StoreVerifier(string path)
{
    /// <summary>Everything that is off inside the store; nothing when it is sound. The store may be written meanwhile.</summary>
    public IEnumerable<VerifyFault> Verify()
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        Func<SqliteConnection, IEnumerable<VerifyFault>>[] checks = [Integrity, ForeignKeys, VerifyQueries.Run, CounterCheck.Run, AttemptCheck.Run];
        foreach (var fault in checks.SelectMany(check => Run(check, connection)))
        {
            yield return fault;
        }
    }

    /// <summary>Begins a check of the store against a journal, which is to be read after.</summary>
    public JournalCheck Against(string journalDirectory) => new(LetheDatabase.OpenReadOnly(path), journalDirectory);

    // A page that cannot be read fails the checks that need it, and only those.
    private static IEnumerable<VerifyFault> Run(Func<SqliteConnection, IEnumerable<VerifyFault>> check, SqliteConnection connection)
    {
        using var faults = check(connection).GetEnumerator();
        while (Next(faults, out var isLast) is { } fault)
        {
            yield return fault;
            if (isLast)
            {
                yield break;
            }
        }
    }

    private static VerifyFault? Next(IEnumerator<VerifyFault> faults, out bool isLast)
    {
        isLast = false;
        try
        {
            return faults.MoveNext() ? faults.Current : null;
        }
        catch (SqliteException unreadable)
        {
            isLast = true;
            return new VerifyFault(VerifyFaultKind.Integrity, "store", unreadable.Message);
        }
    }

    // Table by table: a snapshot of the whole would keep the write-ahead log growing for as long as it takes.
    private static IEnumerable<VerifyFault> Integrity(SqliteConnection connection) => Tables(connection)
        .SelectMany(table => connection.Query<string>($"PRAGMA integrity_check(\"{table}\")"))
        .Where(line => line != "ok")
        .Select(line => new VerifyFault(VerifyFaultKind.Integrity, "store", line));

    private static IEnumerable<VerifyFault> ForeignKeys(SqliteConnection connection) => Tables(connection)
        .SelectMany(table => connection.Query<(string Table, long? Row, string Parent)>($"PRAGMA foreign_key_check(\"{table}\")"))
        .Select(row => new VerifyFault(VerifyFaultKind.ForeignKey, $"{row.Table} {row.Row}", $"names a row of {row.Parent} that is not there"));

    private static IEnumerable<string> Tables(SqliteConnection connection) => connection.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table'");
}
