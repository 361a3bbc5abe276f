using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using static Lethe.Ingest.Postgres.PostgresValues;

namespace Lethe.Ingest.Postgres;

/// <summary>Receipts, dead letters and the journals' cursors. Takes part in the caller's transaction.</summary>
internal sealed class PostgresReceipts(PostgresStatements statements)
{
    /// <summary>
    /// Takes the receipts of deliveries; a verdict for each whose receipt is there already, null for each that is new. Another recorder that is about to
    /// store the same one is waited for.
    /// </summary>
    /// <param name="isToldBefore">Of each delivery, whether it is a turn that was told before with other content.</param>
    public DeliveryResult?[] TurnAway(IReadOnlyList<ExchangeDelivery> deliveries, long now, out bool[] isToldBefore)
    {
        isToldBefore = new bool[deliveries.Count];
        var results = new DeliveryResult?[deliveries.Count];
        var firsts = new Dictionary<(Guid Org, string Key), int>();
        for (var i = 0; i < deliveries.Count; i++)
        {
            firsts.TryAdd(Key(deliveries[i]), i);
        }

        AddOrgs(firsts.Keys.Select(key => key.Org).Distinct());
        // In one order, so that two recorders wait for one another in one direction only.
        var wanted = firsts.OrderBy(first => first.Key.Org).ThenBy(first => first.Key.Key, StringComparer.Ordinal).ToList();
        var taken = statements.Query(
            """
            INSERT INTO receipts (org, commit_key, content_hash, exchange_id, committed_at)
            SELECT k.org, k.key, k.hash, k.id, $5 FROM unnest($1, $2, $3, $4) WITH ORDINALITY k (org, key, hash, id, place) ORDER BY k.place
            ON CONFLICT (org, commit_key) DO NOTHING
            RETURNING org, commit_key
            """,
            row => (row.GetGuid(0), row.GetString(1)),
            Of(wanted.Select(one => one.Key.Org)),
            Of(wanted.Select(one => one.Key.Key)),
            Of(wanted.Select(one => deliveries[one.Value].ContentHash)),
            Of(wanted.Select(one => deliveries[one.Value].Told.Exchange.Id.Value)),
            Of(now)).ToHashSet();
        var again = Enumerable.Range(0, deliveries.Count).Where(i => !taken.Contains(Key(deliveries[i])) || firsts[Key(deliveries[i])] != i).ToList();
        var known = Known(again.Select(i => Key(deliveries[i])));
        foreach (var i in again)
        {
            var receipt = known[Key(deliveries[i])];
            isToldBefore[i] = ToldAnew.IsReplaceable(deliveries[i]) && !receipt.Hash.AsSpan().SequenceEqual(deliveries[i].ContentHash);
            results[i] = isToldBefore[i] ? null : Judge(deliveries[i], receipt, now);
        }

        CountReplays(again.Where(i => results[i]?.Verdict == DeliveryVerdict.Duplicate).Select(i => Key(deliveries[i])));
        return results;
    }

    /// <summary>The receipt of a turn as it is by now.</summary>
    public ToldBefore Stored(ExchangeDelivery delivery)
    {
        var (org, key) = Key(delivery);
        return statements.Query(
            "SELECT content_hash, exchange_id FROM receipts WHERE org = $1 AND commit_key = $2",
            row => new ToldBefore(new ExchangeId(row.GetGuid(1)), row.Bytes(0)!),
            Of(org),
            Of(key))[0];
    }

    /// <summary>Gives the receipt to a turn that is told anew; where the earlier wording is stays known, so that it can be erased.</summary>
    public void Renew(ExchangeDelivery delivery, ToldBefore told, JournalPosition? place, long now)
    {
        var (org, key) = Key(delivery);
        var exchange = delivery.Told.Exchange;
        Bury(exchange.OrgId, key, told.Id.ToString(), ToldAnew.LetterOf(told.Hash, told.Id), StoreFault.Replaced, ToldAnew.Message, place, now);
        statements.Run(
            "UPDATE receipts SET content_hash = $3, exchange_id = $4, committed_at = $5 WHERE org = $1 AND commit_key = $2",
            Of(org), Of(key), Of(delivery.ContentHash), Of(exchange.Id.Value), Of(now));
    }

    /// <summary>True for a wording that was replaced before, and is told once more by somebody who does not know it.</summary>
    public bool IsSuperseded(ExchangeDelivery delivery) => statements.Scalar(
        "SELECT 1 FROM dead_letters WHERE org_id = $1 AND commit_key = $2 AND code = $3 AND exchange_id = $4",
        Of(delivery.Told.Exchange.OrgId),
        Of(delivery.Key),
        Of(StoreFault.Replaced),
        Of(delivery.Told.Exchange.Id.ToString())) is not null;

    /// <summary>Keeps the place of a wording that another one has replaced before it came.</summary>
    public void BurySuperseded(ExchangeDelivery delivery, long now)
    {
        var exchange = delivery.Told.Exchange;
        var hash = ToldAnew.LetterOf(delivery.ContentHash, exchange.Id);
        Bury(exchange.OrgId, delivery.Key, exchange.Id.ToString(), hash, StoreFault.Replaced, ToldAnew.Message, delivery.At, now);
    }

    /// <summary>Keeps word of a delivery that could not be stored, once however often it comes.</summary>
    public void Bury(ExchangeDelivery delivery, string code, string message, long now)
    {
        var exchange = delivery.Told.Exchange;
        Bury(exchange.OrgId, delivery.Key, exchange.Id.ToString(), delivery.ContentHash, code, message, delivery.At, now);
    }

    /// <summary>Keeps word of a line of the journal that cannot be read, under its place.</summary>
    public void Bury(JournalFault line, long now) => Bury(
        Organisation.None,
        $"journal:{line.At}",
        "",
        SHA256.HashData(Encoding.UTF8.GetBytes($"{line.At.Journal} {line.At}")),
        $"JOURNAL_{line.Kind.ToString().ToUpperInvariant()}",
        line.Detail,
        line.At,
        now);

    public int Remove(long letter) => statements.Run("DELETE FROM dead_letters WHERE letter = $1", Of(letter));

    public void SetCursor(string consumer, JournalPosition position) => statements.Run(
        """
        INSERT INTO journal_cursors (consumer, journal, segment, "offset", sequence) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (consumer, journal) DO UPDATE SET segment = excluded.segment, "offset" = excluded."offset", sequence = excluded.sequence
        """,
        Of(consumer),
        Of(position.Journal),
        Of(position.Segment),
        Of(position.Offset),
        Of(position.Sequence));

    public JournalPosition? Cursor(string consumer, Guid journal) => statements.Query(
        "SELECT segment, \"offset\", sequence FROM journal_cursors WHERE consumer = $1 AND journal = $2",
        row => (JournalPosition?)new JournalPosition(journal, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
        Of(consumer),
        Of(journal)).FirstOrDefault();

    private static (Guid Org, string Key) Key(ExchangeDelivery delivery) => (Org(delivery.Told.Exchange.OrgId), delivery.Key);

    private void AddOrgs(IEnumerable<Guid> orgs) =>
        statements.Run("INSERT INTO orgs (org) SELECT * FROM unnest($1) ON CONFLICT DO NOTHING", Of(orgs.Order()));

    // Locked until the end of the transaction, in one order as well; a letter about a key is written by whoever holds its receipt.
    private Dictionary<(Guid Org, string Key), (byte[] Hash, Guid Exchange)> Known(IEnumerable<(Guid Org, string Key)> keys)
    {
        var wanted = keys.Distinct().ToList();
        return wanted.Count == 0
            ? []
            : statements.Query(
                """
                SELECT r.org, r.commit_key, r.content_hash, r.exchange_id
                FROM receipts r
                JOIN unnest($1, $2) k (org, key) ON k.org = r.org AND k.key = r.commit_key
                ORDER BY r.org, r.commit_key
                FOR UPDATE OF r
                """,
                row => (Key: (row.GetGuid(0), row.GetString(1)), Value: (row.Bytes(2)!, row.GetGuid(3))),
                Of(wanted.Select(key => key.Org)),
                Of(wanted.Select(key => key.Key))).ToDictionary(row => row.Key, row => row.Value);
    }

    private void CountReplays(IEnumerable<(Guid Org, string Key)> keys)
    {
        var times = keys.CountBy(key => key).ToList();
        if (times.Count > 0)
        {
            statements.Run(
                """
                UPDATE receipts r SET replays = r.replays + k.times
                FROM unnest($1, $2, $3) k (org, key, times)
                WHERE r.org = k.org AND r.commit_key = k.key
                """,
                Of(times.Select(one => one.Key.Org)),
                Of(times.Select(one => one.Key.Key)),
                Of(times.Select(one => (long?)one.Value)));
        }
    }

    private DeliveryResult Judge(ExchangeDelivery delivery, (byte[] Hash, Guid Exchange) receipt, long now)
    {
        var earlier = new ExchangeId(receipt.Exchange);
        if (receipt.Hash.AsSpan().SequenceEqual(delivery.ContentHash))
        {
            return new DeliveryResult(DeliveryVerdict.Duplicate, earlier, Code: StoreFault.Duplicate);
        }

        Bury(delivery, StoreFault.Conflict, $"Commit key {delivery.Key} was used before with other content.", now);
        return new DeliveryResult(DeliveryVerdict.Conflict, earlier, Code: StoreFault.Conflict);
    }

    private void Bury(string org, string key, string exchangeId, byte[] hash, string code, string message, JournalPosition? at, long now) => statements.Run(
        """
        INSERT INTO dead_letters
          (org_id, commit_key, exchange_id, content_hash, code, message, body_journal, body_segment, body_offset, body_sequence, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING
        """,
        Of(org),
        Of(key),
        Of(exchangeId),
        Of(hash),
        Of(code),
        Of(message),
        Of(at?.Journal),
        Of(at?.Segment),
        Of(at?.Offset),
        Of(at?.Sequence),
        Of(now));
}
