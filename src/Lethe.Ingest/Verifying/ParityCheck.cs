using System.Collections;
using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Verifying;

/// <summary>A journal against its store, and back, exchange by exchange; both may be written meanwhile.</summary>
internal sealed class ParityCheck
{
    private const int BatchCountMax = 64;
    private const long BatchBytesMax = 16L * 1024 * 1024;

    private readonly SqliteConnection connection;
    private readonly string journalDirectory;
    private readonly Func<CapturedExchange, InterpretedExchange>? interpret;

    // A bit for each row that was there before the journal is read: what is stored by then is in the journal by then.
    private readonly BitArray journalled;

    public ParityCheck(SqliteConnection connection, string journalDirectory, Func<CapturedExchange, InterpretedExchange>? interpret)
    {
        this.connection = connection;
        this.journalDirectory = journalDirectory;
        this.interpret = interpret;
        journalled = new BitArray(checked((int)(connection.ExecuteScalar<long?>("SELECT max(ingested) FROM exchanges") ?? 0)) + 1);
    }

    public IEnumerable<VerifyFault> Run(Action<long>? passed)
    {
        using var journal = new JournalConsumer(journalDirectory, default);
        long count = 0;
        foreach (var (exchanges, damage) in journal.ToEnd(BatchCountMax, BatchBytesMax))
        {
            foreach (var fault in exchanges.Select(Compare).OfType<VerifyFault>())
            {
                yield return fault;
            }

            passed?.Invoke(count += exchanges.Count);
            if (damage is not null)
            {
                yield return new VerifyFault(VerifyFaultKind.Journal, damage.At.ToString(), $"{damage.Kind}: {damage.Detail}");
            }
        }

        foreach (var fault in Unjournalled())
        {
            yield return fault;
        }
    }

    private VerifyFault? Compare(JournaledExchange journaled)
    {
        var exchange = journaled.Exchange;
        var id = exchange.Id.Value.ToByteArray(bigEndian: true);
        if (connection.ExecuteScalar<long?>("SELECT ingested FROM exchanges WHERE exchange_id = @id", new { id }) is { } row && row < journalled.Length)
        {
            journalled[(int)row] = true;
        }

        var stored = connection.QueryFirstOrDefault<StoredDelivery>(
            """
            SELECT r.content_hash, n.hash AS leaf_hash,
                   EXISTS (SELECT 1 FROM dead_letters d WHERE d.org_id = o.org_id AND d.commit_key = r.commit_key AND d.content_hash = @ContentHash)
                     AS is_dead_letter
            FROM receipts r
            JOIN orgs o ON o.org = r.org
            LEFT JOIN exchanges e ON e.org = r.org AND e.exchange_id = r.exchange_id
            LEFT JOIN nodes n ON n.node = e.leaf
            WHERE o.org_id = @OrgId AND r.commit_key = @CommitKey
            """,
            new { exchange.OrgId, CommitKey = ExchangeDelivery.KeyOf(exchange), journaled.ContentHash });
        if (stored is null)
        {
            return IsDeadLetter(exchange)
                ? null
                : new VerifyFault(VerifyFaultKind.Missing, exchange.Id.ToString(), $"in the journal at {journaled.At}, no receipt in the store");
        }

        if (!stored.ContentHash.AsSpan().SequenceEqual(journaled.ContentHash))
        {
            return stored.IsDeadLetter != 0
                ? null
                : new VerifyFault(
                    VerifyFaultKind.Mismatch,
                    exchange.Id.ToString(),
                    $"content {Convert.ToHexStringLower(journaled.ContentHash)} in the journal, {Convert.ToHexStringLower(stored.ContentHash)} in the store");
        }

        if (interpret is null || stored.LeafHash is null)
        {
            return null;
        }

        var leaf = ExchangeDelivery.Of(journaled, interpret, out _).Told.Chain?.Leaf;
        return leaf is null || leaf.Value.Span.SequenceEqual(stored.LeafHash)
            ? null
            : new VerifyFault(
                VerifyFaultKind.Chain, exchange.Id.ToString(), $"leaf {leaf} from the journal, {Convert.ToHexStringLower(stored.LeafHash)} in the store");
    }

    private bool IsDeadLetter(CapturedExchange exchange) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM dead_letters WHERE org_id = @OrgId AND commit_key = @CommitKey)", new { exchange.OrgId, CommitKey = ExchangeDelivery.KeyOf(exchange) });

    // Looked for behind the reading: a segment that is still there was there for all of it. One that is not may be gone for good reason.
    private IEnumerable<VerifyFault> Unjournalled()
    {
        var held = JournalDirectory.Segments(journalDirectory).ToHashSet();
        return connection
            .Query<StoredPlace>(
                """
                SELECT ingested, exchange_id, body_segment, body_offset, body_sequence
                FROM exchanges
                WHERE ingested < @Length AND body_segment IS NOT NULL
                ORDER BY ingested
                """,
                new { journalled.Length },
                buffered: false)
            .Where(row => !journalled[(int)row.Ingested] && held.Contains(row.BodySegment))
            .Select(row => new VerifyFault(
                VerifyFaultKind.Unjournalled,
                new Guid(row.ExchangeId, bigEndian: true).ToString("D"),
                $"in the store, not in the journal, where it was at {new JournalPosition(default, row.BodySegment, row.BodyOffset, row.BodySequence)}"));
    }

    private sealed class StoredDelivery
    {
        public byte[] ContentHash { get; init; } = [];
        public byte[]? LeafHash { get; init; }
        public long IsDeadLetter { get; init; }
    }

    private sealed class StoredPlace
    {
        public long Ingested { get; init; }
        public byte[] ExchangeId { get; init; } = [];
        public long BodySegment { get; init; }
        public long BodyOffset { get; init; }
        public long BodySequence { get; init; }
    }
}
