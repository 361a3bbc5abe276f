using Dapper;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>
/// A table in pieces, by its integer key: each is read in a snapshot of its own that is let go at once, so that neither memory nor the write-ahead log
/// grows with the store.
/// </summary>
internal static class StoreRanges
{
    /// <summary>Runs a check for each range of keys, <c>@After &lt; key ≤ @UpTo</c>.</summary>
    public static IEnumerable<VerifyFault> Check(
        SqliteConnection connection, string table, string key, int step, Func<SqliteConnection, KeyRange, IEnumerable<VerifyFault>> check)
    {
        var last = connection.ExecuteScalar<long?>($"SELECT max({key}) FROM {table}") ?? 0;
        for (long after = 0; after < last; after += step)
        {
            foreach (var fault in InSnapshot(connection, new KeyRange(after, after + step), check))
            {
                yield return fault;
            }
        }
    }

    private static List<VerifyFault> InSnapshot(
        SqliteConnection connection, KeyRange range, Func<SqliteConnection, KeyRange, IEnumerable<VerifyFault>> check)
    {
        using var snapshot = connection.BeginTransaction(deferred: true);
        return [.. check(connection, range)];
    }
}

internal sealed record KeyRange(long After, long UpTo);
