using Dapper;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>Numbers the turns of each session while exchanges pass in the order of export; arrival order does not matter.</summary>
internal sealed class TurnOrder(SqliteConnection connection)
{
    private readonly Dictionary<long, int> passed = [];

    /// <summary>The row's place; must be called once for every row, in order, with no row of its session left out after the first.</summary>
    public int? Next(ExchangeRow row)
    {
        if (row.IsTurn == 0 || row.Session is not { } session)
        {
            return null;
        }

        var seq = (passed.TryGetValue(session, out var before) ? before : Before(row)) + 1;
        passed[session] = seq;
        return seq;
    }

    /// <summary>The row's place, whatever passed before.</summary>
    public int? Of(ExchangeRow row) => row.IsTurn == 0 || row.Session is null ? null : Before(row) + 1;

    private int Before(ExchangeRow row) => connection.ExecuteScalar<int>(
        """
        SELECT count(*) FROM exchanges
        WHERE session = @Session AND is_turn = 1 AND (captured_at, exchange_id) < (@CapturedAt, @ExchangeId)
        """,
        new { row.Session, row.CapturedAt, row.ExchangeId });
}
