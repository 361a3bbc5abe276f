using System.Collections;
using System.Data.Common;
using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Verifying;

/// <summary>A journal against its store, and back, exchange by exchange, by what the rows say; both may be written meanwhile.</summary>
internal sealed class ParityCheck
{
    private readonly ICheckedStore store;
    private readonly DbConnection connection;
    private readonly Func<CapturedExchange, InterpretedExchange> interpret;
    private readonly Dictionary<string, object?> owners = [];

    // A bit for each row that was there before the journal is read: what is stored by then is in the journal by then.
    private readonly Dictionary<string, BitArray> journalled;

    private readonly IReadOnlySet<ExchangeId> beingErased;

    /// <summary>Begins before the journal is read.</summary>
    /// <param name="beingErased">Exchanges of which the journal holds only a part of the words: whoever was to erase them was killed over it.</param>
    public ParityCheck(ICheckedStore store, DbConnection connection, Func<CapturedExchange, InterpretedExchange> interpret, IReadOnlySet<ExchangeId> beingErased)
    {
        this.store = store;
        this.connection = connection;
        this.interpret = interpret;
        this.beingErased = beingErased;
        journalled = store.LastCommits(connection).ToDictionary(org => org.OrgId, org => new BitArray(checked((int)org.Last + 1)));
    }

    /// <summary>What the store lacks of an exchange of the journal, or says of it otherwise.</summary>
    public IReadOnlyList<VerifyFault> Compare(JournaledExchange journaled)
    {
        IReadOnlyList<VerifyFault> faults = [.. Faults(journaled)];
        return faults.Count > 0 && store.IsToBeErased(connection, journaled.At) ? [] : faults;
    }

    private IEnumerable<VerifyFault> Faults(JournaledExchange journaled)
    {
        var exchange = journaled.Exchange;
        var subject = exchange.Id.ToString();
        var owner = Owner(exchange.OrgId);
        var row = connection.QueryFirstOrDefault<ExchangeRow>(
            ExchangeRow.Select + "WHERE org = @owner AND exchange_id = @id", new { owner, id = store.ExchangeId(exchange.Id.Value) });
        if (row is not null && journalled.TryGetValue(row.OrgId, out var those) && row.Ingested < those.Length)
        {
            those[(int)row.Ingested] = true;
        }

        if (beingErased.Contains(exchange.Id))
        {
            return [];
        }

        var receipt = connection.QueryFirstOrDefault<Receipt>(
            "SELECT content_hash, exchange_id FROM receipts WHERE org = @owner AND commit_key = @key", new { owner, key = ExchangeDelivery.KeyOf(exchange) });
        var isOfThis = receipt is not null && receipt.ContentHash.AsSpan().SequenceEqual(journaled.ContentHash);
        if (!isOfThis && IsDeadLetter(journaled))
        {
            return [];
        }

        if (receipt is null || (isOfThis && row is null && receipt.ExchangeId == exchange.Id.Value))
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
    public IEnumerable<VerifyFault> Unjournalled(JournalBodies bodies, Guid journal, long leftTo) =>
        StorePieces.Check(store, connection, "exchanges", CheckQuery.RowsAtOnce, (at, piece) =>
        {
            var parameters = new DynamicParameters(piece);
            parameters.Add("journal", journal);
            return at.Query<StoredPlace>(store.Placed, parameters)
                .Where(row => IsMissed(row) && row.BodySegment > leftTo && !beingErased.Contains(row.Id) && !IsErased(row, bodies))
                .Select(row => new VerifyFault(
                    VerifyFaultKind.Unjournalled, row.Id.ToString(), $"in the store, and in no journal; it was read at {row.At}"));
        });

    private bool IsMissed(StoredPlace row) => journalled.TryGetValue(row.OrgId, out var those) && row.Ingested < those.Length && !those[(int)row.Ingested];

    private object? Owner(string orgId)
    {
        if (!owners.TryGetValue(orgId, out var owner))
        {
            owner = owners[orgId] = store.Org(connection, orgId);
        }

        return owner;
    }

    private static bool IsErased(StoredPlace row, JournalBodies bodies)
    {
        bodies.TryRead(row.At, out var state);
        return state == BodyState.Erased;
    }

    private bool IsDeadLetter(JournaledExchange journaled) => connection.ExecuteScalar<bool>(
        """
        SELECT EXISTS (
          SELECT 1 FROM dead_letters
          WHERE org_id = @OrgId AND commit_key = @CommitKey AND (content_hash = @ContentHash OR (code = @Replaced AND exchange_id = @Id)))
        """,
        new
        {
            journaled.Exchange.OrgId,
            CommitKey = ExchangeDelivery.KeyOf(journaled.Exchange),
            journaled.ContentHash,
            StoreFault.Replaced,
            Id = journaled.Exchange.Id.ToString(),
        });

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
        public Guid ExchangeId { get; init; }
    }

    private sealed class StoredPlace
    {
        public string OrgId { get; init; } = "";
        public long Ingested { get; init; }
        public Guid ExchangeId { get; init; }
        public long BodySegment { get; init; }
        public long BodyOffset { get; init; }
        public long BodySequence { get; init; }

        public ExchangeId Id => new(ExchangeId);

        public JournalPosition At => new(default, BodySegment, BodyOffset, BodySequence);
    }
}
