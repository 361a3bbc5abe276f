using System.Data.Common;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// What is kept of a SQLite store and what goes, on a connection of its own beside that of ingest. Nothing that points nowhere is left by any
/// transaction; foreign keys are not asked for each row, for most of them have no index to be found by.
/// </summary>
internal sealed class SqliteRetention : IKeptStore
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
        SELECT o.org_id, e.exchange_id, e.captured_at, j.journal_id AS body_journal, e.body_segment, e.body_offset, e.body_sequence
        FROM exchanges e
        JOIN orgs o ON o.org = e.org
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

    // The lock of the data directory has one recorder.
    public bool TryBegin() => true;

    public bool Pin(string org, string sessionId, long? at) => InTransaction(transaction => connection.Execute(
        "UPDATE sessions SET pinned_at = CASE WHEN @at IS NULL THEN NULL ELSE coalesce(pinned_at, @at) END WHERE session_id = @sessionId AND org = (SELECT org FROM orgs WHERE org_id = @org)",
        new { org, sessionId, at },
        transaction)) > 0;

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

    public IReadOnlyList<HeldWords> WordsOf(Forgetting asked, int countMax) => Query(
        "WHERE e.session IN @Sessions AND e.content <> 'erased' AND (e.captured_at <= @AskedAt OR e.ingested <= @UpTo) ORDER BY e.ingested LIMIT @countMax",
        new { asked.Sessions, asked.AskedAt, asked.UpTo, countMax });

    public IReadOnlyList<HeldWords> RecordsOf(Forgetting asked) => Query(
        "WHERE e.session IN @Sessions AND e.content = 'erased' AND (e.captured_at <= @AskedAt OR e.ingested <= @UpTo) ORDER BY e.ingested",
        new { asked.Sessions, asked.AskedAt, asked.UpTo });

    public IReadOnlyList<HeldWords> WordsBefore(long before, int countMax) => Query(
        $"WHERE e.content NOT IN ('expired', 'erased') AND e.captured_at < @before AND {NotPinned} ORDER BY e.captured_at LIMIT @countMax", new { before, countMax });

    public IReadOnlyList<HeldWords> RecordsBefore(long before, int countMax) => Query(
        $"WHERE e.content IN ('expired', 'erased') AND e.captured_at < @before AND {NotPinned} ORDER BY e.captured_at LIMIT @countMax", new { before, countMax });

    public IReadOnlyList<HeldWords> OldestWords(int countMax) => WordsBefore(long.MaxValue, countMax);

    public (long WithWords, long Without) Count() => Refusing(() => connection.QuerySingle<(long, long)>(
        """
        SELECT w.n, (SELECT count(*) FROM exchanges) - w.n
        FROM (SELECT count(*) AS n FROM exchanges WHERE content NOT IN ('expired', 'erased')) w
        """));

    // A file has one recorder, and that one journal.
    public void LeaveToOthers(IReadOnlyCollection<JournalPosition> words, string reason)
    {
    }

    public IReadOnlyList<(JournalPosition At, string Reason)> LeftToThis(int countMax) => [];

    public void Erased(IReadOnlyCollection<JournalPosition> words)
    {
    }

    public void DropWords(IReadOnlyCollection<HeldWords> exchanges, string content) => InTransaction(transaction =>
    {
        new WordsOut(connection, transaction).Run(exchanges, content);
        return true;
    });

    public void DropDescriptions(Forgetting asked) => InTransaction(transaction =>
    {
        SessionsOut.Describe(connection, transaction, asked);
        return true;
    });

    public IReadOnlyList<StoredLetter> Letters() => Refusing(() => connection
        .Query<StoredLetter>(StoredLetter.Select).AsList());

    public IReadOnlySet<string> KeysOf(Forgetting asked) => Refusing(() =>
        connection.Query<string>("SELECT commit_key FROM exchanges WHERE session IN @Sessions", new { asked.Sessions }).ToHashSet(StringComparer.Ordinal));

    public IReadOnlySet<SessionKey> NamesOf(Forgetting asked) => Refusing(() => connection
        .Query<(string Org, string Harness, string Id)>(
            "SELECT o.org_id, s.harness_id, s.harness_session_id FROM sessions s JOIN orgs o ON o.org = s.org WHERE s.session IN @Sessions", new { asked.Sessions })
        .Select(row => new SessionKey(row.Org, row.Harness, row.Id))
        .ToHashSet());

    public void DropLetters(IReadOnlyCollection<long> letters) => InTransaction(transaction =>
        connection.Execute("DELETE FROM dead_letters WHERE letter IN @letters", new { letters }, transaction));

    // One table: row by row is all there is.
    public int RemoveMonths(long before) => 0;

    public int RemoveWholeCalls(IReadOnlyCollection<HeldWords> exchanges) =>
        InTransaction(transaction => new RecordsOut(connection, transaction).RunWholeCalls(exchanges));

    public int RemoveRecords(IReadOnlyCollection<HeldWords> exchanges) => InTransaction(transaction => new RecordsOut(connection, transaction).Run(exchanges));

    public void RemoveSessions(Forgetting? asked) => InTransaction(transaction =>
    {
        SessionsOut.Remove(connection, transaction, asked?.Sessions);
        return true;
    });

    public void Compact() => Refusing(() =>
    {
        SqliteSearchIndex.Compact(connection);
        // What moved between pages may have left traces in them; only a file that is written anew has none.
        connection.Execute("VACUUM");
        var (busy, _, _) = connection.QuerySingle<(long Busy, long Log, long Checkpointed)>("PRAGMA wal_checkpoint(TRUNCATE)");
        return busy == 0 ? true : throw new StoreUnavailableException("The store is being read, so that its log cannot be emptied yet.") { IsPassing = true };
    });

    public void RemoveCopies()
    {
        foreach (var copy in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path) + ".v*.bak*"))
        {
            File.Delete(copy);
        }
    }

    public void Done(Forgetting asked) => InTransaction(transaction =>
        connection.Execute("DELETE FROM forgetting WHERE session IN @Sessions AND asked_at = @AskedAt", new { asked.Sessions, asked.AskedAt }, transaction));

    public void Dispose() => connection.Dispose();

    private HeldWords[] Query(string condition, object parameters) => Refusing(() => connection
        .Query<HeldRow>(Held + condition, parameters)
        .Select(row => row.ToHeld())
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
}
