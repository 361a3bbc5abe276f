using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Verifying;

/// <summary>Compares every organisation's figures, as the database counts them, with the sums over its exchanges and over what is archived of those that are gone, and the days with their hours.</summary>
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

    private static readonly string Days = Grouped("figures", "hour - hour % 86400000000");

    private static readonly string Kept = Grouped("figure_days", "day");

    private static readonly string OfDays = $"""
        SELECT CAST(org AS text) AS subject, 'the figures of ' || count(DISTINCT day) || ' days of its organisation are not those of their hours' AS detail
        FROM (SELECT * FROM ({Days} EXCEPT {Kept}) missing UNION ALL SELECT * FROM ({Kept} EXCEPT {Days}) wrong) differing
        GROUP BY org
        """;

    public static IEnumerable<VerifyFault> Run(ICheckedStore store, DbConnection connection)
    {
        using var snapshot = store.BeginSnapshot(connection);
        return
        [
            .. new[] { Sql, OfDays }.SelectMany(sql => connection.Query<(string Subject, string Detail)>(sql, transaction: snapshot))
                .Select(row => new VerifyFault(VerifyFaultKind.Counter, row.Subject, row.Detail, "figures")),
        ];
    }

    private static string Grouped(string table, string day) =>
        $"SELECT org, {day} AS day, harness_id, model, project, kind, is_agent, {string.Join(", ", ExchangeSums.Columns.Select(column => $"sum({column.Name})"))}, sum(failed_cost_nano_usd) FROM {table} GROUP BY 1, 2, 3, 4, 5, 6, 7";
}
