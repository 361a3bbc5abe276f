using System.Data.Common;

namespace Lethe.Ingest.Verifying;

/// <summary>Runs a check over a table, piece by piece.</summary>
internal static class StorePieces
{
    public static IEnumerable<VerifyFault> Check(
        ICheckedStore store, DbConnection connection, string table, int step, Func<DbConnection, object, IEnumerable<VerifyFault>> check)
    {
        foreach (var piece in store.Pieces(connection, table, step))
        {
            foreach (var fault in InSnapshot(store, connection, piece, check))
            {
                yield return fault;
            }
        }
    }

    private static List<VerifyFault> InSnapshot(
        ICheckedStore store, DbConnection connection, object piece, Func<DbConnection, object, IEnumerable<VerifyFault>> check)
    {
        using var snapshot = store.BeginSnapshot(connection);
        return [.. check(connection, piece)];
    }
}
