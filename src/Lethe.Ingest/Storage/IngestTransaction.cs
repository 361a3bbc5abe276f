using System.Globalization;
using Lethe.Capture;
using Lethe.Capture.Harnesses;
using Lethe.Ingest.Journaling;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// Many deliveries, one transaction, in the order of DESIGN: receipt, session, parent, nodes, exchange with its attempts, tool calls, counters, cursor.
/// One writer a process owns it; other processes may write the same file. Not for several threads at once.
/// </summary>
public sealed class IngestTransaction : IDisposable
{
    /// <summary>Enough of them for an index to be met in its order, and few enough for the processor's cache to hold them until each is stored.</summary>
    private const int PreparedAtOnce = 2048;

    private static readonly Dictionary<string, JournalPosition> NoCursors = [];

    private readonly TimeProvider time;
    private readonly Statement begin;
    private readonly Statement commit;
    private readonly Statement rollback;
    private readonly Statement savepoint;
    private readonly Statement release;
    private readonly Statement rollbackTo;
    private readonly Statement dataVersion;
    private readonly ReceiptBook receipts;
    private readonly NamedRows names;
    private readonly SessionLedger sessions;
    private readonly ParentLinks parents;
    private readonly NodeTable nodes;
    private readonly NodeMembers members;
    private readonly AttemptGroups attempts;
    private readonly ExchangeTable exchanges;
    private readonly ToolCallTable tools;
    private long lastDataVersion = -1;

    /// <param name="connection">As <see cref="LetheDatabase.OpenAsync"/> gives it; stays the caller's, and is used for nothing else meanwhile.</param>
    public IngestTransaction(SqliteConnection connection, TimeProvider time)
    {
        this.time = time;
        var database = connection.Handle ?? throw new InvalidOperationException("The store is not open.");
        WriteWithoutForeignKeyChecks(database);
        begin = new Statement(database, "BEGIN IMMEDIATE");
        commit = new Statement(database, "COMMIT");
        rollback = new Statement(database, "ROLLBACK");
        savepoint = new Statement(database, "SAVEPOINT delivery");
        release = new Statement(database, "RELEASE delivery");
        rollbackTo = new Statement(database, "ROLLBACK TO delivery");
        dataVersion = new Statement(database, "PRAGMA data_version");
        receipts = new ReceiptBook(database);
        names = new NamedRows(database);
        sessions = new SessionLedger(database);
        parents = new ParentLinks(database, sessions, names.OrgId);
        nodes = new NodeTable(database);
        members = new NodeMembers(database, nodes);
        attempts = new AttemptGroups(database, sessions);
        exchanges = new ExchangeTable(database);
        tools = new ToolCallTable(database);
    }

    /// <summary>How far the consumer has come in the journal; null at the beginning.</summary>
    public JournalPosition? Cursor(string consumer) => receipts.Cursor(consumer);

    /// <summary>
    /// Commits the deliveries and the consumers' positions together, or nothing. A delivery that the store cannot take harms only itself.
    /// </summary>
    /// <exception cref="SqliteException">The disk or a lock failed; nothing was written, and the same call may be made again.</exception>
    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, IReadOnlyDictionary<string, JournalPosition>? cursors = null) =>
        TryCommit(deliveries, cursors ?? NoCursors, oneByOne: false) ?? TryCommit(deliveries, cursors ?? NoCursors, oneByOne: true)!;

    public void Dispose()
    {
        IDisposable[] all = [tools, exchanges, attempts, members, nodes, parents, sessions, names, receipts, dataVersion, rollbackTo, release, savepoint, rollback, commit, begin];
        foreach (var part in all)
        {
            part.Dispose();
        }
    }

    // Null when a delivery cannot be stored. That is rare, so savepoints are not paid for until it happens.
    private DeliveryResult[]? TryCommit(IReadOnlyList<ExchangeDelivery> deliveries, IReadOnlyDictionary<string, JournalPosition> cursors, bool oneByOne)
    {
        var stored = false;
        Begin();
        try
        {
            var now = Microseconds.Of(time.GetUtcNow());
            DeliveryResult[] results = [.. oneByOne ? deliveries.Select(delivery => StoreAlone(delivery, now)) : deliveries.Chunk(PreparedAtOnce).SelectMany(some => Store(some, now))];
            stored = true;
            WriteBack();
            foreach (var (consumer, position) in cursors)
            {
                receipts.SetCursor(consumer, position);
            }

            commit.Run();
            Age();
            return results;
        }
        catch (Exception poison) when (!oneByOne && !stored && StoreFault.Of(poison) is not null)
        {
            Abandon();
            return null;
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    // Every row number written here was read or written in the same transaction; looking each up again is a tenth of the time.
    // lethe verify looks for numbers that name nothing.
    private static void WriteWithoutForeignKeyChecks(sqlite3 database)
    {
        using var off = new Statement(database, "PRAGMA foreign_keys = OFF");
        off.Run();
    }

    private void Begin()
    {
        begin.Run();
        if (dataVersion.Scalar() is { } version && version != lastDataVersion)
        {
            lastDataVersion = version;
            Forget();
        }
    }

    // Nothing of another delivery is in memory only when this one begins, so all that it did can be taken back.
    private DeliveryResult StoreAlone(ExchangeDelivery delivery, long now)
    {
        savepoint.Run();
        try
        {
            var result = Store([delivery], now)[0];
            WriteBack();
            release.Run();
            return result;
        }
        catch (Exception poison) when (StoreFault.Of(poison) is { } code)
        {
            Forget();
            rollbackTo.Run();
            release.Run();
            receipts.Bury(delivery, code, poison.Message, now);
            return new DeliveryResult(DeliveryVerdict.Rejected, delivery.Told.Exchange.Id, Code: code);
        }
    }

    // What many deliveries need of an index is met in the order of the index, before each is stored.
    private DeliveryResult[] Store(ExchangeDelivery[] deliveries, long now)
    {
        var results = new DeliveryResult[deliveries.Length];
        var accepted = new List<(int At, long Org, InterpretedExchange Told, long? RetryKey)>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var told = deliveries[i].Told;
            var org = names.Org(told.Exchange.OrgId);
            if (TurnAway(org, deliveries[i], now) is { } verdict)
            {
                results[i] = verdict;
            }
            else
            {
                accepted.Add((i, org, told, RetryKey(told)));
            }
        }

        attempts.Expect(accepted.Select(one => one.RetryKey).OfType<long>());
        nodes.Put(accepted.Where(one => one.Told.Chain is not null).Select(one => (one.Org, one.Told.Chain!)));
        foreach (var (at, org, told, retryKey) in accepted)
        {
            results[at] = Store(org, told, retryKey, deliveries[at].BodyAt);
        }

        return results;
    }

    private DeliveryResult? TurnAway(long org, ExchangeDelivery delivery, long now)
    {
        var exchange = delivery.Told.Exchange;
        switch (receipts.Take(org, exchange, delivery.ContentHash, now, out var earlier))
        {
            case Gate.Replayed:
                return new DeliveryResult(DeliveryVerdict.Duplicate, earlier, Code: "duplicate");
            case Gate.Conflict:
                receipts.Bury(delivery, "idempotency_conflict", $"Commit key {exchange.CommitKey} was used before with other content.", now);
                return new DeliveryResult(DeliveryVerdict.Conflict, earlier, Code: "idempotency_conflict");
            default:
                return null;
        }
    }

    private DeliveryResult Store(long org, InterpretedExchange told, long? retryKey, JournalPosition? bodyAt)
    {
        var exchange = told.Exchange;
        var clock = CaptureClock.Of(exchange);
        var own = Meet(org, exchange.OrgId, told, clock);
        (long Root, long Leaf)? chain = told.Chain is { Nodes.Count: > 0 } said ? members.Join(org, own, said) : null;
        var attempt = new Attempt
        {
            Clock = clock,
            Outcome = told.Outcome,
            HasReply = told.IsTurn,
            OwnSession = own?.Key,
            Usage = told.Turn?.Usage,
            CostNanoUsd = told.Cost?.NanoUsd,
        };
        attempts.Place(retryKey, org, attempt);
        var places = new ExchangePlaces(
            org, names.RouteOf(told), names.CallerOf(told), chain?.Root, chain?.Leaf, names.Blob(org, told.Turn?.System), names.Blob(org, told.Turn?.Tools));
        exchanges.Insert(told, attempt, retryKey, places, bodyAt);
        return new DeliveryResult(DeliveryVerdict.Accepted, exchange.Id, Count(own, attempt, told)?.SessionId);
    }

    // The session that the exchange itself names: begun, promoted or known; with what the exchange says about it, and its parent.
    private SessionState? Meet(long org, string orgId, InterpretedExchange told, CaptureClock clock)
    {
        var envelope = told.Envelope;
        if (envelope.HarnessSessionId is not { Length: > 0 } harnessSessionId)
        {
            return null;
        }

        var session = sessions.Find(org, envelope.HarnessId, harnessSessionId);
        if (session is not { IsPlaceholder: false })
        {
            if (session is null)
            {
                session = sessions.Begin(org, orgId, envelope.HarnessId, harnessSessionId, isPlaceholder: false);
            }
            else
            {
                sessions.Promote(session);
            }

            parents.BecameReal(session);
        }

        Describe(session.Facts, envelope, told, clock);
        if (envelope.ParentHarnessSessionId is { Length: > 0 } parent)
        {
            parents.Claim(session, envelope.ParentHarnessId, parent, clock);
        }

        return session;
    }

    private static void Describe(SessionFacts facts, SessionEnvelope envelope, InterpretedExchange told, CaptureClock clock)
    {
        facts.Tell(SessionFacts.IdOrigin, StoredWord.Of(envelope.IdOrigin), clock);
        facts.Tell(SessionFacts.HarnessVersion, envelope.HarnessVersion, clock);
        facts.Tell(SessionFacts.UserAgent, envelope.UserAgent, clock);
        facts.Tell(SessionFacts.Name, envelope.Name, clock);
        facts.Tell(SessionFacts.Cwd, envelope.Cwd, clock);
        facts.TellMetadata(envelope.MetadataJson, clock);
        facts.TellFirst(SessionFacts.AuthSubject, told.Exchange.AuthSubject, clock);
    }

    private SessionState? Count(SessionState? own, Attempt attempt, InterpretedExchange told)
    {
        if (attempt.Session is not { } key)
        {
            return null;
        }

        var session = sessions.Load(key);
        session.Totals.Add(attempt.Tally);
        session.Widen(attempt.Clock.At);
        sessions.Touch(session);
        if (own is not null)
        {
            tools.Store(own, told, attempt.Clock);
        }

        return session;
    }

    private static long? RetryKey(InterpretedExchange told) =>
        told.RetryKey is { Length: >= 16 } key ? long.Parse(key.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : null;

    private void WriteBack()
    {
        members.WriteBack();
        sessions.Flush();
    }

    private void Abandon()
    {
        Forget();
        try
        {
            rollback.Run();
        }
        catch (SqliteException gone) when (gone.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            // SQLite has rolled back by itself, as it does on a full disk.
        }
    }

    private void Age()
    {
        names.Age();
        sessions.Age();
        nodes.Age();
    }

    private void Forget()
    {
        names.Forget();
        sessions.Forget();
        nodes.Forget();
        members.Forget();
    }
}
