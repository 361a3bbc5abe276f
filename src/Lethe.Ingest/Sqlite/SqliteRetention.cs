using System.Data.Common;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// What is kept of a SQLite store and what goes, on a connection of its own beside that of ingest. Nothing that points nowhere is left by any
/// transaction; foreign keys are not asked for each row, for most of them have no index to be found by.
/// </summary>
internal sealed class SqliteRetention : IDisposable
{
    private const int BusyTimeoutMilliseconds = 5_000;

    // A pin holds a whole tree.
    private const string NotPinned = """
        (e.session IS NULL OR e.session NOT IN (
          WITH RECURSIVE pinned (session) AS (
            SELECT session FROM sessions WHERE pinned_at IS NOT NULL
            UNION
            SELECT s.session FROM pinned p JOIN sessions s ON s.parent = p.session)
          SELECT session FROM pinned))
        """;

    private const string Held = """
        SELECT e.ingested AS row, j.journal_id AS journal, e.body_segment AS segment, e.body_offset AS "offset", e.body_sequence AS sequence
        FROM exchanges e
        LEFT JOIN journals j ON j.journal = e.body_journal

        """;

    private readonly SqliteConnection connection;
    private readonly string path;

    private SqliteRetention(SqliteConnection connection, string path)
    {
        this.connection = connection;
        this.path = path;
    }

    /// <exception cref="StoreRefusedException">The file is of another kind, or of a newer version.</exception>
    /// <exception cref="StoreUnavailableException"/>
    public static SqliteRetention Open(string path, TimeProvider time, CancellationToken cancel) => Refusing(() =>
    {
        var connection = OwnThread.Wait(LetheDatabase.OpenAsync(path, time, cancel));
        connection.Execute($"PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = {BusyTimeoutMilliseconds}");
        WordsOut.Prepare(connection);
        return new SqliteRetention(connection, path);
    });

    /// <summary>Sets or takes away a pin.</summary>
    public bool Pin(string org, string sessionId, long? at) => InTransaction(transaction => connection.Execute(
        "UPDATE sessions SET pinned_at = CASE WHEN @at IS NULL THEN NULL ELSE coalesce(pinned_at, @at) END WHERE session_id = @sessionId AND org = (SELECT org FROM orgs WHERE org_id = @org)",
        new { org, sessionId, at },
        transaction)) > 0;

    /// <summary>Notes that a session and all below it are to be forgotten: from here on it is carried out in any case. Null when there is no such session.</summary>
    public ForgottenCounts? Ask(string org, string sessionId, bool withFacts, long now) => InTransaction(transaction =>
    {
        var sessions = connection.Query<long>(
            """
            WITH RECURSIVE tree (session) AS (
              SELECT session FROM sessions WHERE session_id = @sessionId AND org = (SELECT org FROM orgs WHERE org_id = @org)
              UNION
              SELECT s.session FROM tree t JOIN sessions s ON s.parent = t.session)
            SELECT session FROM tree
            """,
            new { org, sessionId },
            transaction).AsList();
        if (sessions.Count == 0)
        {
            return null;
        }

        var words = connection.QuerySingle<(long Exchanges, long Bytes)>(
            "SELECT count(*), coalesce(sum(request_bytes + response_bytes), 0) FROM exchanges WHERE session IN @sessions", new { sessions }, transaction);
        var messages = connection.ExecuteScalar<long>("SELECT count(*) FROM session_nodes WHERE session IN @sessions", new { sessions }, transaction);
        connection.Execute(
            """
            INSERT INTO forgetting (session, with_facts, asked_at, up_to)
            SELECT session, @withFacts, @now, (SELECT coalesce(max(ingested), 0) FROM exchanges) FROM sessions WHERE session IN @sessions
            ON CONFLICT DO UPDATE SET with_facts = max(with_facts, excluded.with_facts), asked_at = excluded.asked_at, up_to = excluded.up_to;
            UPDATE sessions SET erased_at = @now WHERE session IN @sessions AND is_placeholder = 0;
            """,
            new { sessions, withFacts = withFacts ? 1 : 0, now },
            transaction);
        return new ForgottenCounts(sessions.Count, words.Exchanges, messages, words.Bytes);
    });

    /// <summary>What is to be forgotten and is not yet, with what came of a forgotten session later and is from before.</summary>
    public IReadOnlyList<Forgetting> Pending() => InTransaction(transaction =>
    {
        connection.Execute(
            """
            INSERT INTO forgetting (session, with_facts, asked_at, up_to)
            SELECT s.session, 0, s.erased_at, 0
            FROM sessions s
            WHERE s.erased_at IS NOT NULL
              AND EXISTS (SELECT 1 FROM exchanges e WHERE e.session = s.session AND e.captured_at <= s.erased_at AND e.content <> 'erased')
            ON CONFLICT DO NOTHING
            """,
            transaction: transaction);
        return connection
            .Query<(long Session, long WithFacts, long AskedAt, long UpTo)>("SELECT session, with_facts, asked_at, up_to FROM forgetting ORDER BY session", transaction: transaction)
            .GroupBy(row => (row.WithFacts, row.AskedAt, row.UpTo))
            .Select(group => new Forgetting([.. group.Select(row => row.Session)], group.Key.WithFacts != 0, group.Key.AskedAt, group.Key.UpTo))
            .ToArray();
    });

    /// <summary>Exchanges of sessions that are to be forgotten, whose words are not erased.</summary>
    public IReadOnlyList<HeldWords> WordsOf(Forgetting asked, int countMax) => Query(
        "WHERE e.session IN @Sessions AND e.content <> 'erased' AND (e.captured_at <= @AskedAt OR e.ingested <= @UpTo) ORDER BY e.ingested LIMIT @countMax",
        new { asked.Sessions, asked.AskedAt, asked.UpTo, countMax });

    /// <summary>All exchanges of sessions that are to be forgotten with their facts.</summary>
    public IReadOnlyList<HeldWords> RecordsOf(Forgetting asked) => Query(
        "WHERE e.session IN @Sessions AND e.content = 'erased' AND (e.captured_at <= @AskedAt OR e.ingested <= @UpTo) ORDER BY e.ingested",
        new { asked.Sessions, asked.AskedAt, asked.UpTo });

    /// <summary>The oldest exchanges from before a time whose words are kept and no pin holds.</summary>
    public IReadOnlyList<HeldWords> WordsBefore(long before, int countMax) => Query(
        $"WHERE e.content NOT IN ('expired', 'erased') AND e.captured_at < @before AND {NotPinned} ORDER BY e.captured_at LIMIT @countMax", new { before, countMax });

    /// <summary>The oldest exchanges from before a time that have no words any more and no pin holds.</summary>
    public IReadOnlyList<HeldWords> RecordsBefore(long before, int countMax) => Query(
        $"WHERE e.content IN ('expired', 'erased') AND e.captured_at < @before AND {NotPinned} ORDER BY e.captured_at LIMIT @countMax", new { before, countMax });

    /// <summary>How many exchanges have words, and how many have none any more.</summary>
    public (long WithWords, long Without) Count() => Refusing(() => connection.QuerySingle<(long, long)>(
        """
        SELECT w.n, (SELECT count(*) FROM exchanges) - w.n
        FROM (SELECT count(*) AS n FROM exchanges WHERE content NOT IN ('expired', 'erased')) w
        """));

    /// <summary>Takes the words out of exchanges' rows, and whatever of messages, prompts and tools nothing refers to any more.</summary>
    /// <param name="content"><c>expired</c> or <c>erased</c>.</param>
    public void DropWords(IReadOnlyCollection<HeldWords> exchanges, string content) => InTransaction(transaction =>
    {
        new WordsOut(connection, transaction).Run(exchanges, content);
        return true;
    });

    /// <summary>Takes what sessions are called and where they ran, as far as that was said until they were asked to be forgotten.</summary>
    public void DropDescriptions(Forgetting asked) => InTransaction(transaction =>
    {
        SessionsOut.Describe(connection, transaction, asked);
        return true;
    });

    /// <summary>Dead letters that a forgotten session's exchanges left, and what else may be its.</summary>
    public IReadOnlyList<StoredLetter> Letters() => Refusing(() => connection
        .Query<StoredLetter>("SELECT letter, commit_key, exchange_id, body_journal, body_segment, body_offset, body_sequence FROM dead_letters").AsList());

    /// <summary>The keys under which the exchanges of these sessions were delivered.</summary>
    public IReadOnlySet<string> KeysOf(Forgetting asked) => Refusing(() =>
        connection.Query<string>("SELECT commit_key FROM exchanges WHERE session IN @Sessions", new { asked.Sessions }).ToHashSet(StringComparer.Ordinal));

    /// <summary>The natural keys of these sessions.</summary>
    public IReadOnlySet<SessionKey> NamesOf(Forgetting asked) => Refusing(() => connection
        .Query<(string Org, string Harness, string Id)>(
            "SELECT o.org_id, s.harness_id, s.harness_session_id FROM sessions s JOIN orgs o ON o.org = s.org WHERE s.session IN @Sessions", new { asked.Sessions })
        .Select(row => new SessionKey(row.Org, row.Harness, row.Id))
        .ToHashSet());

    public void DropLetters(IReadOnlyCollection<long> letters) => InTransaction(transaction =>
        connection.Execute("DELETE FROM dead_letters WHERE letter IN @letters", new { letters }, transaction));

    /// <summary>Takes rows away whole and keeps their sums; those whose other tries stay, stay. Returns how many went.</summary>
    public int RemoveWholeCalls(IReadOnlyCollection<HeldWords> exchanges) =>
        InTransaction(transaction => new RecordsOut(connection, transaction).RunWholeCalls(exchanges));

    /// <summary>Takes rows away whole and keeps their sums, whatever other tries of their calls stay. Returns how many went.</summary>
    public int RemoveRecords(IReadOnlyCollection<HeldWords> exchanges) => InTransaction(transaction => new RecordsOut(connection, transaction).Run(exchanges));

    /// <summary>Sessions that have nothing left go too, and what they counted is counted for their organisation.</summary>
    public void RemoveSessions(Forgetting? asked) => InTransaction(transaction =>
    {
        SessionsOut.Remove(connection, transaction, asked?.Sessions);
        return true;
    });

    /// <summary>Writes the file anew without what is free in it, and empties the write-ahead log into it.</summary>
    /// <exception cref="StoreUnavailableException">Somebody reads or writes it for long; the same may be done again.</exception>
    public void Compact() => Refusing(() =>
    {
        // What moved between pages may have left traces in them; only a file that is written anew has none.
        connection.Execute("VACUUM");
        var (busy, _, _) = connection.QuerySingle<(long Busy, long Log, long Checkpointed)>("PRAGMA wal_checkpoint(TRUNCATE)");
        return busy == 0 ? true : throw new StoreUnavailableException("The store is being read, so that its log cannot be emptied yet.") { IsPassing = true };
    });

    /// <summary>Removes copies of the store from before an upgrade: they hold what is forgotten.</summary>
    public void RemoveCopies()
    {
        foreach (var copy in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path) + ".v*.bak*"))
        {
            File.Delete(copy);
        }
    }

    /// <summary>Nothing of it is left anywhere.</summary>
    public void Done(Forgetting asked) => InTransaction(transaction =>
        connection.Execute("DELETE FROM forgetting WHERE session IN @Sessions AND asked_at = @AskedAt", new { asked.Sessions, asked.AskedAt }, transaction));

    public void Dispose() => connection.Dispose();

    private HeldWords[] Query(string condition, object parameters) => Refusing(() => connection
        .Query<HeldRow>(Held + condition, parameters)
        .Select(row => new HeldWords(row.Row, row.At))
        .ToArray());

    private T InTransaction<T>(Func<DbTransaction, T> work) => Refusing(() =>
    {
        using var transaction = connection.BeginTransaction();
        var result = work(transaction);
        transaction.Commit();
        return result;
    });

    private static T Refusing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException fault)
        {
            throw SqliteStore.Unavailable(fault);
        }
    }

    private sealed class HeldRow
    {
        public long Row { get; init; }
        public byte[]? Journal { get; init; }
        public long? Segment { get; init; }
        public long? Offset { get; init; }
        public long? Sequence { get; init; }

        public JournalPosition? At => Journal is { } id && Segment is { } segment && Offset is { } offset
            ? new JournalPosition(new Guid(id, bigEndian: true), segment, offset, Sequence ?? 0)
            : null;
    }
}

/// <summary>A dead letter, and where the journal has what it is about.</summary>
internal sealed class StoredLetter
{
    public long Letter { get; init; }
    public string CommitKey { get; init; } = "";
    public string ExchangeId { get; init; } = "";
    public byte[]? BodyJournal { get; init; }
    public long? BodySegment { get; init; }
    public long? BodyOffset { get; init; }
    public long? BodySequence { get; init; }

    public JournalPosition? At => BodyJournal is { } id && BodySegment is { } segment && BodyOffset is { } offset
        ? new JournalPosition(new Guid(id, bigEndian: true), segment, offset, BodySequence ?? 0)
        : null;
}
