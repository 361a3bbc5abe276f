using Dapper;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>Looks for every fault of a store, alone and against its journal; changes nothing.</summary>
public sealed class StoreVerifier(string path)
{
    private const int ParityBatchCountMax = 64;
    private const long ParityBatchBytesMax = 16L * 1024 * 1024;

    /// <summary>Everything that is off inside the store, from one snapshot; empty when it is sound.</summary>
    public IReadOnlyList<VerifyFault> Verify()
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        using var snapshot = connection.BeginTransaction(deferred: true);
        Func<SqliteConnection, IEnumerable<VerifyFault>>[] checks = [Integrity, ForeignKeys, VerifyQueries.Run, CounterCheck.Run, AttemptCheck.Run];
        return [.. checks.SelectMany(check => Run(check, connection))];
    }

    // A page that cannot be read fails the checks that need it, and only those.
    private static IEnumerable<VerifyFault> Run(Func<SqliteConnection, IEnumerable<VerifyFault>> check, SqliteConnection connection)
    {
        try
        {
            return [.. check(connection)];
        }
        catch (SqliteException unreadable)
        {
            return [new VerifyFault(VerifyFaultKind.Integrity, "store", unreadable.Message)];
        }
    }

    /// <summary>Every exchange of the journal that the store lacks or holds with other content, and every damage of the journal.</summary>
    /// <param name="journal">Reads from the journal's beginning; stays the caller's.</param>
    /// <param name="interpret">When given, each chain is built anew from the wire and compared by its leaf's address.</param>
    public IEnumerable<VerifyFault> Parity(JournalConsumer journal, Func<CapturedExchange, InterpretedExchange>? interpret = null)
    {
        using var connection = LetheDatabase.OpenReadOnly(path);
        var batch = new List<JournaledExchange>();
        while (true)
        {
            batch.Clear();
            var read = journal.ReadBatch(batch, ParityBatchCountMax, ParityBatchBytesMax);
            foreach (var fault in batch.Select(exchange => Compare(connection, exchange, interpret)).OfType<VerifyFault>())
            {
                yield return fault;
            }

            if (journal.Fault is { } damage)
            {
                yield return new VerifyFault(VerifyFaultKind.Journal, damage.At.ToString(), $"{damage.Kind}: {damage.Detail}");
                journal.SkipFault();
            }
            else if (read == 0)
            {
                yield break;
            }
        }
    }

    private static VerifyFault? Compare(SqliteConnection connection, JournaledExchange journaled, Func<CapturedExchange, InterpretedExchange>? interpret)
    {
        var exchange = journaled.Exchange;
        var stored = connection.QueryFirstOrDefault<StoredDelivery>(
            """
            SELECT r.content_hash, n.hash AS leaf_hash, e.chain_length,
                   EXISTS (SELECT 1 FROM dead_letters d WHERE d.org_id = o.org_id AND d.commit_key = r.commit_key AND d.content_hash = @ContentHash)
                     AS is_dead_letter
            FROM receipts r
            JOIN orgs o ON o.org = r.org
            LEFT JOIN exchanges e ON e.org = r.org AND e.exchange_id = r.exchange_id
            LEFT JOIN nodes n ON n.node = e.leaf
            WHERE o.org_id = @OrgId AND r.commit_key = @CommitKey
            """,
            new { exchange.OrgId, exchange.CommitKey, journaled.ContentHash });
        if (stored is null)
        {
            return IsDeadLetter(connection, exchange)
                ? null
                : new VerifyFault(VerifyFaultKind.Missing, exchange.Id.ToString(), $"in the journal at {journaled.BodyAt}, no receipt in the store");
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

        var leaf = interpret?.Invoke(exchange).Chain?.Leaf;
        return leaf is null || stored.LeafHash is null || leaf.Value.Span.SequenceEqual(stored.LeafHash)
            ? null
            : new VerifyFault(
                VerifyFaultKind.Chain, exchange.Id.ToString(), $"leaf {leaf} from the journal, {Convert.ToHexStringLower(stored.LeafHash)} in the store");
    }

    private static bool IsDeadLetter(SqliteConnection connection, CapturedExchange exchange) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM dead_letters WHERE org_id = @OrgId AND commit_key = @CommitKey)", new { exchange.OrgId, exchange.CommitKey });

    private static IEnumerable<VerifyFault> Integrity(SqliteConnection connection) => connection
        .Query<string>("PRAGMA integrity_check")
        .Where(line => line != "ok")
        .Select(line => new VerifyFault(VerifyFaultKind.Integrity, "store", line));

    private static IEnumerable<VerifyFault> ForeignKeys(SqliteConnection connection) => connection
        .Query<(string Table, long? Row, string Parent)>("PRAGMA foreign_key_check")
        .Select(row => new VerifyFault(VerifyFaultKind.ForeignKey, $"{row.Table} {row.Row}", $"names a row of {row.Parent} that is not there"));

    private sealed class StoredDelivery
    {
        public byte[] ContentHash { get; init; } = [];
        public byte[]? LeafHash { get; init; }
        public long? ChainLength { get; init; }
        public long IsDeadLetter { get; init; }
    }
}
