using System.Collections;
using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>A journal against its store, and back, exchange by exchange, by what the rows say; both may be written meanwhile.</summary>
internal sealed class ParityCheck
{
    private const int RowsAtOnce = 20_000;

    private readonly SqliteConnection connection;
    private readonly Func<CapturedExchange, InterpretedExchange> interpret;

    // A bit for each row that was there before the journal is read: what is stored by then is in the journal by then.
    private readonly BitArray journalled;

    private readonly IReadOnlySet<ExchangeId> beingErased;

    /// <summary>Begins before the journal is read.</summary>
    /// <param name="beingErased">Exchanges of which the journal holds only a part of the words: whoever was to erase them was killed over it.</param>
    public ParityCheck(SqliteConnection connection, Func<CapturedExchange, InterpretedExchange> interpret, IReadOnlySet<ExchangeId> beingErased)
    {
        this.beingErased = beingErased;
        this.connection = connection;
        this.interpret = interpret;
        journalled = new BitArray(checked((int)(connection.ExecuteScalar<long?>("SELECT max(ingested) FROM exchanges") ?? 0)) + 1);
    }

    /// <summary>What the store lacks of an exchange of the journal, or says of it otherwise.</summary>
    public IEnumerable<VerifyFault> Compare(JournaledExchange journaled)
    {
        var exchange = journaled.Exchange;
        var subject = exchange.Id.ToString();
        var row = connection.QueryFirstOrDefault<ExchangeRow>(
            ExchangeRow.Select + "WHERE exchange_id = @id", new { id = exchange.Id.Value.ToByteArray(bigEndian: true) });
        if (row is not null && row.Ingested < journalled.Length)
        {
            journalled[(int)row.Ingested] = true;
        }

        if (beingErased.Contains(exchange.Id))
        {
            return [];
        }

        var receipt = connection.QueryFirstOrDefault<Receipt>(
            """
            SELECT r.content_hash, r.exchange_id
            FROM receipts r JOIN orgs o ON o.org = r.org
            WHERE o.org_id = @OrgId AND r.commit_key = @CommitKey
            """,
            new { exchange.OrgId, CommitKey = ExchangeDelivery.KeyOf(exchange) });
        var isOfThis = receipt is not null && receipt.ContentHash.AsSpan().SequenceEqual(journaled.ContentHash);
        if (!isOfThis && IsDeadLetter(journaled))
        {
            return [];
        }

        if (receipt is null || (isOfThis && row is null && receipt.Id == exchange.Id.Value))
        {
            return [new VerifyFault(VerifyFaultKind.Missing, subject, $"in the journal at {journaled.At}, no {(receipt is null ? "receipt" : "row")} in the store")];
        }

        return isOfThis
            ? row is null ? [] : Differences(row, journaled)
            : [new VerifyFault(
                VerifyFaultKind.Mismatch,
                subject,
                $"content {Convert.ToHexStringLower(journaled.ContentHash)} in the journal, {Convert.ToHexStringLower(receipt.ContentHash)} in the store")];
    }

    /// <summary>Every exchange of the store that the journal, which was read to its end, has not got, and does not tell to have erased or let go.</summary>
    /// <param name="leftTo">The last segment that the journal itself tells to have left.</param>
    public IEnumerable<VerifyFault> Unjournalled(JournalBodies bodies, long leftTo) =>
        StoreRanges.Check(connection, "exchanges", "ingested", RowsAtOnce, (at, range) => at
            .Query<StoredPlace>(
                """
                SELECT ingested, exchange_id, body_segment, body_offset, body_sequence
                FROM exchanges
                WHERE ingested > @After AND ingested <= @UpTo AND body_segment IS NOT NULL
                """,
                range)
            .Where(row => row.Ingested < journalled.Length && !journalled[(int)row.Ingested] && row.BodySegment > leftTo && !beingErased.Contains(row.Id) && !IsErased(row, bodies))
            .Select(row => new VerifyFault(
                VerifyFaultKind.Unjournalled, row.Id.ToString(), $"in the store, and in no journal; it was read at {row.At}")));

    private static bool IsErased(StoredPlace row, JournalBodies bodies)
    {
        bodies.TryRead(row.At, out var state);
        return state == BodyState.Erased;
    }

    private bool IsDeadLetter(JournaledExchange journaled) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM dead_letters WHERE org_id = @OrgId AND commit_key = @CommitKey AND content_hash = @ContentHash)",
        new { journaled.Exchange.OrgId, CommitKey = ExchangeDelivery.KeyOf(journaled.Exchange), journaled.ContentHash });

    private IEnumerable<VerifyFault> Differences(ExchangeRow row, JournaledExchange journaled)
    {
        // What a bug left undecoded its row says itself; what a bug keeps from being compared is no fault of the store.
        var told = ExchangeDelivery.Of(journaled, interpret, out var bug).Told;
        return bug is not null || row.OutcomeReason == "interpreter_failed"
            ? []
            : JournalledRecord.Differences(ExchangeRows.ToRecord(row), told).Select(difference => new VerifyFault(
                VerifyFaultKind.Content, journaled.Exchange.Id.ToString(), difference.Detail, difference.Member));
    }

    private sealed class Receipt
    {
        public byte[] ContentHash { get; init; } = [];
        public byte[] ExchangeId { get; init; } = [];

        public Guid Id => new(ExchangeId, bigEndian: true);
    }

    private sealed class StoredPlace
    {
        public long Ingested { get; init; }
        public byte[] ExchangeId { get; init; } = [];
        public long BodySegment { get; init; }
        public long BodyOffset { get; init; }
        public long BodySequence { get; init; }

        public ExchangeId Id => new(new Guid(ExchangeId, bigEndian: true));

        public JournalPosition At => new(default, BodySegment, BodyOffset, BodySequence);
    }
}
