using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>Looks for every fault of a store, alone and against its journal; changes nothing.</summary>
public sealed class StoreVerifier(string path)
{
    /// <summary>Everything that is off inside the store, from one snapshot; empty when it is sound.</summary>
    public IReadOnlyList<VerifyFault> Verify()
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        using var snapshot = connection.BeginTransaction(deferred: true);
        Func<SqliteConnection, IEnumerable<VerifyFault>>[] checks = [Integrity, ForeignKeys, VerifyQueries.Run, CounterCheck.Run, AttemptCheck.Run];
        return [.. checks.SelectMany(check => Run(check, connection))];
    }

    // A page that cannot be read fails the checks that need it, and only those.
    private static IEnumerable<VerifyFault> Run(Func<SqliteConnection, IEnumerable<VerifyFault>> check, SqliteConnection connection)
    {
        try
        {
            return [.. check(connection)];
        }
        catch (SqliteException unreadable)
        {
            return [new VerifyFault(VerifyFaultKind.Integrity, "store", unreadable.Message)];
        }
    }

    /// <summary>
    /// Every exchange of the journal that the store lacks or holds with other content, every damage of the journal, and every exchange of the store
    /// that is not in the journal although the segment that its row names is held.
    /// </summary>
    /// <param name="interpret">When given, each chain is built anew from the wire and compared by its leaf's address.</param>
    /// <param name="passed">Told now and then how many exchanges of the journal have been compared.</param>
    public IEnumerable<VerifyFault> Parity(
        string journalDirectory, Func<CapturedExchange, InterpretedExchange>? interpret = null, Action<long>? passed = null)
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        var parity = new ParityCheck(connection, journalDirectory, interpret);
        foreach (var fault in parity.Run(passed))
        {
            yield return fault;
        }
    }

    private static IEnumerable<VerifyFault> Integrity(SqliteConnection connection) => connection
        .Query<string>("PRAGMA integrity_check")
        .Where(line => line != "ok")
        .Select(line => new VerifyFault(VerifyFaultKind.Integrity, "store", line));

    private static IEnumerable<VerifyFault> ForeignKeys(SqliteConnection connection) => connection
        .Query<(string Table, long? Row, string Parent)>("PRAGMA foreign_key_check")
        .Select(row => new VerifyFault(VerifyFaultKind.ForeignKey, $"{row.Table} {row.Row}", $"names a row of {row.Parent} that is not there"));
}
