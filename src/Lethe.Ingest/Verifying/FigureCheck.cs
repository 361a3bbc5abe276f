using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Verifying;

/// <summary>Compares every organisation's figures, as the database counts them, with the sums over its exchanges and over what is archived of those that are gone.</summary>
internal static class FigureCheck
{
    private static readonly string Told = string.Join(" || ' ' || ", ExchangeSums.Columns.Select(column => $"sum({column.Name})"));

    private static readonly string Nothing = string.Join(' ', ExchangeSums.Columns.Select(_ => "0"));

    private static readonly string Sql = $"""
        SELECT CAST(s.org AS text) AS subject, 'the figures of its organisation are ' || coalesce(f.told, 'none') || ', the sums ' || s.told AS detail
        FROM (
          SELECT org, {Told} AS told
          FROM (
            SELECT e.org, {string.Join(", ", ExchangeSums.Columns.Select(column => $"{column.Sum} AS {column.Name}"))} FROM exchanges e GROUP BY e.org
            UNION ALL
            SELECT org, {string.Join(", ", ExchangeSums.Columns.Select(column => column.Name))} FROM archived) counted
          GROUP BY org) s
        LEFT JOIN (SELECT org, {Told} AS told FROM figures GROUP BY org) f ON f.org = s.org
        WHERE s.told <> coalesce(f.told, '{Nothing}')
        """;

    public static IEnumerable<VerifyFault> Run(ICheckedStore store, DbConnection connection)
    {
        using var snapshot = store.BeginSnapshot(connection);
        return [.. connection.Query<(string Subject, string Detail)>(Sql, transaction: snapshot).Select(row => new VerifyFault(VerifyFaultKind.Counter, row.Subject, row.Detail, "figures"))];
    }
}
