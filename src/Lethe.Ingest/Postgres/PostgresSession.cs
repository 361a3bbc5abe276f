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
    private readonly PostgresReplacement replacement;
    private NpgsqlTransaction? transaction;
    private bool isAlone;

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
        replacement = new PostgresReplacement(statements);
    }

    public PostgresReceipts Receipts { get; }

    public PostgresLeases Leases { get; }

    public PostgresPartitions Partitions { get; }

    public bool IsUsable => connection.State == ConnectionState.Open;

    public NpgsqlTransaction Begin() => transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);

    /// <summary>Comes before anything is stored in a transaction.</summary>
    /// <param name="alone">Nobody else stores until its end: then nothing is in the way.</param>
    public void BeginStoring(bool alone)
    {
        isAlone = alone;
        locks.Begin(alone);
        rows.Begin(alone);
    }

    /// <exception cref="OvertakenException">It is to be made again, alone.</exception>
    public DeliveryResult[] Store(IReadOnlyList<ExchangeDelivery> deliveries, long now)
    {
        if (deliveries.Count == 0)
        {
            return [];
        }

        var results = Receipts.TurnAway(deliveries, now, out var isToldBefore);
        var accepted = new NewExchange?[deliveries.Count];
        for (var i = 0; i < deliveries.Count; i++)
        {
            accepted[i] = results[i] is null ? NewExchange.Of(deliveries[i]) : null;
        }

        if (!isAlone && isToldBefore.Contains(true))
        {
            throw new OvertakenException("What others may refer to is taken out by whoever stores alone.");
        }

        locks.Take(accepted.OfType<NewExchange>());
        var stored = 0;
        for (var i = 0; i < deliveries.Count; i++)
        {
            if (isToldBefore[i])
            {
                Store(accepted[stored..i]);
                stored = i;
                results[i] = Replace(deliveries[i], now);
                accepted[i] = results[i] is null ? accepted[i] : null;
            }
        }

        Store(accepted[stored..]);
        return [.. results.Zip(accepted, isToldBefore).Select(one => one.First ?? new DeliveryResult(
            DeliveryVerdict.Accepted,
            one.Second!.Told.Exchange.Id,
            one.Second.Attempt.Session?.ToString("D"),
            one.Third ? StoreFault.Replaced : null,
            one.Second.Told))];
    }

    // Null when the earlier wording is out, and this one is to be stored.
    private DeliveryResult? Replace(ExchangeDelivery delivery, long now)
    {
        var before = Receipts.Stored(delivery);
        var org = PostgresValues.Org(delivery.Told.Exchange.OrgId);
        var place = replacement.PlaceOf(org, before.Id);
        if (Receipts.IsSuperseded(delivery) || !ToldAnew.IsLater(delivery, before.Id, place))
        {
            Receipts.BurySuperseded(delivery, now);
            return ToldAnew.Superseded(before.Id);
        }

        Receipts.Renew(delivery, before, place, now);
        replacement.Run(org, before.Id);
        return null;
    }

    private void Store(IEnumerable<NewExchange?> exchanges)
    {
        var set = new WorkingSet();
        var isFirst = true;
        foreach (var round in Rounds.Of(exchanges.OfType<NewExchange>(), RoundCountMax))
        {
            if (!isFirst && !isAlone)
            {
                locks.WaitNoMore();
            }

            isFirst = false;
            rows.Load(set, round);
            round.ForEach(exchange => Applying.Apply(set, exchange));
            rows.Write(set);
            if (round[0].Correction is not null)
            {
                // The store has moved what no working set knew.
                set = new WorkingSet();
            }
        }
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
