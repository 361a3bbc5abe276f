using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Receipts, dead letters and the journals' cursors. Takes part in the caller's transaction.</summary>
internal sealed class SqliteReceipts(SqliteConnection connection) : IDisposable
{

    private readonly Prepared take = new(
        connection,
        "INSERT INTO receipts (org, commit_key, content_hash, exchange_id, committed_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");

    private readonly Prepared look = new(connection, "SELECT content_hash, exchange_id FROM receipts WHERE org = ?1 AND commit_key = ?2");
    private readonly Prepared again = new(connection, "UPDATE receipts SET replays = replays + 1 WHERE org = ?1 AND commit_key = ?2");

    private readonly Prepared renew = new(
        connection, "UPDATE receipts SET content_hash = ?3, exchange_id = ?4, committed_at = ?5 WHERE org = ?1 AND commit_key = ?2");

    private readonly Prepared superseded = new(
        connection, "SELECT 1 FROM dead_letters WHERE org_id = ?1 AND commit_key = ?2 AND code = ?3 AND exchange_id = ?4");

    private readonly Prepared bury = new(
        connection,
        """
        INSERT INTO dead_letters
          (org_id, commit_key, exchange_id, content_hash, code, message, body_journal, body_segment, body_offset, body_sequence, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT DO NOTHING
        """);

    private readonly Prepared setCursor = new(
        connection,
        """
        INSERT INTO journal_cursors (consumer, journal, segment, "offset", sequence) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT DO UPDATE SET segment = excluded.segment, "offset" = excluded."offset", sequence = excluded.sequence
        """);

    private readonly Prepared getCursor = new(connection, "SELECT segment, \"offset\", sequence FROM journal_cursors WHERE consumer = ?1 AND journal = ?2");

    private readonly Prepared remove = new(connection, "DELETE FROM dead_letters WHERE letter = ?1");

    /// <summary>Takes the receipt of a delivery; when it is there already, what that means for the delivery.</summary>
    /// <param name="told">The turn that was told before with other content; null for none.</param>
    public DeliveryResult? TurnAway(long org, ExchangeDelivery delivery, long now, out ToldBefore? told)
    {
        told = null;
        var exchange = delivery.Told.Exchange;
        if (take.Run(org, delivery.Key, delivery.ContentHash, exchange.Id.Value.Bytes(), now) == 1)
        {
            return null;
        }

        ExchangeId earlier;
        bool isSame;
        byte[] hash;
        using (var row = look.Query(org, delivery.Key))
        {
            row.Read();
            hash = row.Bytes(0)!;
            isSame = hash.AsSpan().SequenceEqual(delivery.ContentHash);
            earlier = new ExchangeId(row.Id(1)!.Value);
        }

        if (isSame)
        {
            again.Run(org, delivery.Key);
            return new DeliveryResult(DeliveryVerdict.Duplicate, earlier, Code: StoreFault.Duplicate);
        }

        if (ToldAnew.IsReplaceable(delivery))
        {
            told = new ToldBefore(earlier, hash);
            return null;
        }

        Bury(delivery, StoreFault.Conflict, $"Commit key {delivery.Key} was used before with other content.", now);
        return new DeliveryResult(DeliveryVerdict.Conflict, earlier, Code: StoreFault.Conflict);
    }

    /// <summary>Gives the receipt to a turn that is told anew; where the earlier wording is stays known, so that it can be erased.</summary>
    public void Renew(long org, ExchangeDelivery delivery, ToldBefore told, JournalPosition? place, long now)
    {
        var exchange = delivery.Told.Exchange;
        Bury(exchange.OrgId, delivery.Key, told.Id.ToString(), ToldAnew.LetterOf(told.Hash, told.Id), StoreFault.Replaced, ToldAnew.Message, place, now);
        renew.Run(org, delivery.Key, delivery.ContentHash, exchange.Id.Value.Bytes(), now);
    }

    /// <summary>True for a wording that was replaced before, and is told once more by somebody who does not know it.</summary>
    public bool IsSuperseded(ExchangeDelivery delivery) =>
        superseded.Number(delivery.Told.Exchange.OrgId, delivery.Key, StoreFault.Replaced, delivery.Told.Exchange.Id.ToString()) is not null;

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

    public int Remove(long letter) => remove.Run(letter);

    public void SetCursor(string consumer, JournalPosition position) =>
        setCursor.Run(consumer, position.Journal.Bytes(), position.Segment, position.Offset, position.Sequence);

    public JournalPosition? Cursor(string consumer, Guid journal)
    {
        using var row = getCursor.Query(consumer, journal.Bytes());
        return row.Read() ? new JournalPosition(journal, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)) : null;
    }

    public void Dispose()
    {
        Prepared[] all = [take, look, again, renew, superseded, bury, setCursor, getCursor, remove];
        Array.ForEach(all, one => one.Dispose());
    }

    private void Bury(string org, string key, string exchangeId, byte[] hash, string code, string message, JournalPosition? at, long now) =>
        bury.Run(org, key, exchangeId, hash, code, message, at?.Journal.Bytes(), at?.Segment, at?.Offset, at?.Sequence, now);
}
