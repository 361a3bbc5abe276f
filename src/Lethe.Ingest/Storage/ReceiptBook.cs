using System.Security.Cryptography;
using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>What the gate says about one delivery.</summary>
internal enum Gate
{
    Fresh,
    Replayed,
    Conflict,
}

/// <summary>Receipts, the letters that could not be delivered, and the journal's cursor. Takes part in the caller's transaction.</summary>
internal sealed class ReceiptBook : IDisposable
{
    private readonly Statement take;
    private readonly Statement look;
    private readonly Statement again;
    private readonly Statement bury;
    private readonly Statement setCursor;
    private readonly Statement getCursor;

    public ReceiptBook(sqlite3 database)
    {
        take = new Statement(
            database,
            "INSERT INTO receipts (org, commit_key, content_hash, exchange_id, committed_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
        look = new Statement(database, "SELECT content_hash, exchange_id FROM receipts WHERE org = ? AND commit_key = ?");
        again = new Statement(database, "UPDATE receipts SET replays = replays + 1 WHERE org = ? AND commit_key = ?");
        bury = new Statement(
            database,
            """
            INSERT INTO dead_letters
              (org_id, commit_key, exchange_id, content_hash, code, message, body_segment, body_offset, body_sequence, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """);
        setCursor = new Statement(
            database,
            """
            INSERT INTO journal_cursors (consumer, journal, segment, "offset", sequence) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET journal = excluded.journal, segment = excluded.segment, "offset" = excluded."offset", sequence = excluded.sequence
            """);
        getCursor = new Statement(database, "SELECT journal, segment, \"offset\", sequence FROM journal_cursors WHERE consumer = ?");
    }

    /// <summary>Takes the receipt of a delivery, unless it is there already.</summary>
    /// <param name="earlier">The exchange that the receipt was first given for.</param>
    public Gate Take(long org, CapturedExchange exchange, ReadOnlySpan<byte> contentHash, long now, out ExchangeId earlier)
    {
        earlier = exchange.Id;
        Span<byte> id = stackalloc byte[16];
        exchange.Id.Value.TryWriteBytes(id, bigEndian: true, out _);
        if (take.Bind(org).Bind(exchange.CommitKey).Bind(contentHash).Bind(id).Bind(now).Run() == 1)
        {
            return Gate.Fresh;
        }

        look.Bind(org).Bind(exchange.CommitKey);
        try
        {
            look.Step();
            earlier = new ExchangeId(new Guid(look.Blob(1), bigEndian: true));
            if (!look.Blob(0).AsSpan().SequenceEqual(contentHash))
            {
                return Gate.Conflict;
            }
        }
        finally
        {
            look.Reset();
        }

        again.Bind(org).Bind(exchange.CommitKey).Run();
        return Gate.Replayed;
    }

    /// <summary>Keeps word of a delivery that could not be stored, once however often it comes.</summary>
    public void Bury(ExchangeDelivery delivery, string code, string message, long now)
    {
        var exchange = delivery.Told.Exchange;
        bury
            .Bind(exchange.OrgId)
            .Bind(exchange.CommitKey)
            .Bind(exchange.Id.ToString())
            .Bind(delivery.ContentHash)
            .Bind(code)
            .Bind(message)
            .Bind(delivery.BodyAt?.Segment ?? 0)
            .Bind(delivery.BodyAt?.Offset ?? 0)
            .Bind(delivery.BodyAt?.Sequence ?? 0)
            .Bind(now)
            .Run();
    }

    /// <summary>Keeps word of a line of the journal that cannot be read, under its place.</summary>
    public void Bury(JournalFault line, long now) => bury
        .Bind(Organisation.None)
        .Bind($"journal:{line.At}")
        .Bind("")
        .Bind(SHA256.HashData(Encoding.UTF8.GetBytes(line.At.ToString())))
        .Bind($"JOURNAL_{line.Kind.ToString().ToUpperInvariant()}")
        .Bind(line.Detail)
        .Bind(line.At.Segment)
        .Bind(line.At.Offset)
        .Bind(line.At.Sequence)
        .Bind(now)
        .Run();

    public void SetCursor(string consumer, JournalPosition position) =>
        setCursor.Bind(consumer).Bind(position.Journal.ToByteArray(bigEndian: true)).Bind(position.Segment).Bind(position.Offset).Bind(position.Sequence).Run();

    public JournalPosition? Cursor(string consumer)
    {
        getCursor.Bind(consumer);
        try
        {
            return getCursor.Step() ? new JournalPosition(new Guid(getCursor.Blob(0), bigEndian: true), getCursor.Int64(1), getCursor.Int64(2), getCursor.Int64(3)) : null;
        }
        finally
        {
            getCursor.Reset();
        }
    }

    public void Dispose()
    {
        Statement[] all = [take, look, again, bury, setCursor, getCursor];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }
}
