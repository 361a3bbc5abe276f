using System.Data;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>One connection of a recorder, with all that it does in a transaction.</summary>
internal sealed class PostgresSession : IDisposable
{
    /// <summary>Enough for one statement to carry many rows, and few enough for their arrays to stay small.</summary>
    private const int RoundCountMax = 512;

    private readonly NpgsqlConnection connection;
    private readonly PostgresLocks locks;
    private readonly PostgresRows rows;
    private NpgsqlTransaction? transaction;

    /// <param name="connection">Is let go with this.</param>
    public PostgresSession(NpgsqlConnection connection)
    {
        this.connection = connection;
        var statements = new PostgresStatements(connection);
        Receipts = new PostgresReceipts(statements);
        Leases = new PostgresLeases(statements);
        Partitions = new PostgresPartitions(statements);
        locks = new PostgresLocks(statements);
        rows = new PostgresRows(statements);
    }

    public PostgresReceipts Receipts { get; }

    public PostgresLeases Leases { get; }

    public PostgresPartitions Partitions { get; }

    public bool IsUsable => connection.State == ConnectionState.Open;

    public NpgsqlTransaction Begin() => transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);

    public DeliveryResult[] Store(IReadOnlyList<ExchangeDelivery> deliveries, long now)
    {
        if (deliveries.Count == 0)
        {
            return [];
        }

        var turnedAway = Receipts.TurnAway(deliveries, now);
        var accepted = new NewExchange?[deliveries.Count];
        for (var i = 0; i < deliveries.Count; i++)
        {
            accepted[i] = turnedAway[i] is null ? NewExchange.Of(deliveries[i]) : null;
        }

        locks.Take(accepted.OfType<NewExchange>());
        var set = new WorkingSet();
        foreach (var round in Rounds.Of(accepted.OfType<NewExchange>(), RoundCountMax))
        {
            rows.Load(set, round);
            round.ForEach(exchange => Applying.Apply(set, exchange));
            rows.Write(set);
        }

        return [.. turnedAway.Zip(accepted, (verdict, exchange) => verdict ?? new DeliveryResult(
            DeliveryVerdict.Accepted, exchange!.Told.Exchange.Id, exchange.Attempt.Session?.ToString("D"), Stored: exchange.Told))];
    }

    /// <summary>A delivery that cannot be stored is put aside as a dead letter.</summary>
    public DeliveryResult StoreAlone(ExchangeDelivery delivery, long now)
    {
        const string Savepoint = "delivery";
        transaction!.Save(Savepoint);
        try
        {
            var result = Store([delivery], now)[0];
            transaction.Release(Savepoint);
            return result;
        }
        catch (Exception poison) when (PostgresFault.Of(poison) is { } code)
        {
            transaction.Rollback(Savepoint);
            Receipts.Bury(delivery, code, poison.Message, now);
            return new DeliveryResult(DeliveryVerdict.Rejected, delivery.Told.Exchange.Id, Code: code);
        }
    }

    public void Dispose() => connection.Dispose();
}
