using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>
/// What is kept of a PostgreSQL store and what goes, on a connection of its own. Every transaction keeps the recorders from storing for as long as it
/// takes (<see cref="PostgresLocks"/>), and fails once another recorder has taken the job over.
/// </summary>
internal sealed class PostgresRetention : IKeptStore
{
    private const string Job = "keeping";

    /// <summary>Who waits longer for a reader lets the others go on, and tries again at the next look.</summary>
    private const string LockTimeout = "30s";

    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(2);

    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;
    private readonly PostgresLeases leases;
    private readonly PostgresHeld held;
    private readonly Guid journal;
    private readonly string owner;
    private readonly TimeProvider time;
    private Lease? lease;
    private long renewedAt;

    private PostgresRetention(NpgsqlDataSource source, NpgsqlConnection connection, Guid journal, string owner, TimeProvider time)
    {
        this.source = source;
        this.connection = connection;
        this.journal = journal;
        this.owner = owner;
        this.time = time;
        leases = new PostgresLeases(new PostgresStatements(connection));
        held = new PostgresHeld(connection, journal);
    }

    /// <param name="journal">The recorder's own.</param>
    /// <param name="owner">The recorder, for people to read; nobody else's.</param>
    /// <exception cref="StoreRefusedException">The database holds another schema.</exception>
    /// <exception cref="StoreUnavailableException"/>
    public static PostgresRetention Open(string connectionString, Guid journal, string owner, TimeProvider time)
    {
        var source = PostgresDatabase.Connect(connectionString, isPatient: true);
        try
        {
            var connection = source.OpenConnection();
            PostgresDatabase.RequireLatest(connection);
            connection.Execute($"SET lock_timeout = '{LockTimeout}'");
            PostgresWordsOut.Prepare(connection);
            return new PostgresRetention(source, connection, journal, owner, time);
        }
        catch (Exception fault)
        {
            source.Dispose();
            throw fault is DbException refused ? Unavailable(refused) : fault;
        }
    }

    public bool TryBegin()
    {
        lease ??= Refusing(() =>
        {
            using var transaction = connection.BeginTransaction();
            var taken = leases.TryLease(Job, owner, new Guid(RandomNumberGenerator.GetBytes(16)), LeaseDuration, held: null);
            transaction.Commit();
            return taken;
        });
        renewedAt = time.GetTimestamp();
        return lease is not null;
    }

    public bool Pin(string org, string sessionId, long? at) => InTransaction(() => connection.Execute(
        "UPDATE sessions SET pinned_at = CASE WHEN @at IS NULL THEN NULL ELSE coalesce(pinned_at, @at) END WHERE org = @org AND session = @session",
        Named(org, sessionId, at))) > 0;

    public ForgottenCounts? Ask(string org, string sessionId, bool withFacts, long now) => InTransaction(() =>
    {
        var parameters = Named(org, sessionId, now);
        parameters.Add("withFacts", withFacts ? 1L : 0L);
        var counts = connection.QuerySingle<ForgottenCounts>(
            $"""
            {PostgresHeld.Tree}
            SELECT (SELECT count(*) FROM tree) AS sessions,
                   (SELECT count(*) FROM exchanges e JOIN tree t ON t.org = e.org AND t.session = e.session) AS exchanges,
                   (SELECT count(*) FROM session_nodes m JOIN tree t ON t.org = m.org AND t.session = m.session) AS messages,
                   (SELECT coalesce(sum(e.request_bytes + e.response_bytes), 0)::bigint FROM exchanges e JOIN tree t ON t.org = e.org AND t.session = e.session) AS bytes
            """,
            parameters);
        connection.Execute(
            $"""
            {PostgresHeld.Tree}
            INSERT INTO forgetting AS f (org, session, with_facts, asked_at, up_to)
            SELECT t.org, t.session, @withFacts, @at, o.ingested FROM tree t JOIN orgs o ON o.org = t.org
            ON CONFLICT (org, session) DO UPDATE SET with_facts = greatest(f.with_facts, excluded.with_facts), asked_at = excluded.asked_at, up_to = excluded.up_to;
            {PostgresHeld.Tree}
            UPDATE sessions s SET erased_at = @at FROM tree t WHERE s.org = t.org AND s.session = t.session AND s.is_placeholder = 0
            """,
            parameters);
        return counts.Sessions == 0 ? null : counts;
    });

    public IReadOnlyList<Forgetting> Pending() => InTransaction(() =>
    {
        connection.Execute(
            """
            INSERT INTO forgetting (org, session, with_facts, asked_at, up_to)
            SELECT s.org, s.session, 0, s.erased_at, 0
            FROM sessions s
            WHERE s.erased_at IS NOT NULL
              AND EXISTS (SELECT 1 FROM exchanges e WHERE e.org = s.org AND e.session = s.session AND e.captured_at <= s.erased_at AND e.content <> 'erased')
            ON CONFLICT DO NOTHING
            """);
        return connection
            .Query<(long Number, Guid Org, long WithFacts, long AskedAt, long UpTo)>("SELECT number, org, with_facts, asked_at, up_to FROM forgetting ORDER BY number")
            .GroupBy(row => (row.Org, row.WithFacts, row.AskedAt, row.UpTo))
            .Select(group => new Forgetting([.. group.Select(row => row.Number)], group.Key.WithFacts != 0, group.Key.AskedAt, group.Key.UpTo))
            .ToArray();
    });

    public IReadOnlyList<HeldWords> WordsOf(Forgetting asked, int countMax) => Refusing(() => held.WordsOf(asked, countMax));

    public IReadOnlyList<HeldWords> RecordsOf(Forgetting asked) => Refusing(() => held.RecordsOf(asked));

    public IReadOnlyList<HeldWords> WordsBefore(long before, int countMax) => Refusing(() => held.WordsBefore(before, countMax));

    public IReadOnlyList<HeldWords> OldestWords(int countMax) => Refusing(() => held.OldestWords(countMax));

    public IReadOnlyList<HeldWords> RecordsBefore(long before, int countMax) => Refusing(() => held.RecordsBefore(before, countMax));

    // Rows are not in the data directory, and other recorders' words are in theirs.
    public (long WithWords, long Without) Count() => Refusing(() => (held.CountOfWords(), 0L));

    public void LeaveToOthers(IReadOnlyCollection<JournalPosition> words, string reason)
    {
        if (words.Count > 0)
        {
            InTransaction(() => connection.Execute(
                """
                INSERT INTO erasures (journal, segment, "offset", sequence, reason)
                SELECT w.*, @reason FROM unnest(@journals, @segments, @offsets, @sequences) w
                ON CONFLICT DO NOTHING
                """,
                PostgresHeld.Places(words, reason)));
        }
    }

    public IReadOnlyList<(JournalPosition At, string Reason)> LeftToThis(int countMax) => Refusing(() => connection
        .Query<(long Segment, long Offset, long Sequence, string Reason)>(
            "SELECT segment, \"offset\", sequence, reason FROM erasures WHERE journal = @journal ORDER BY segment, \"offset\" LIMIT @countMax", new { journal, countMax })
        .Select(row => (new JournalPosition(journal, row.Segment, row.Offset, row.Sequence), row.Reason))
        .ToArray());

    public void Erased(IReadOnlyCollection<JournalPosition> words) => InTransaction(() => connection.Execute(
        "DELETE FROM erasures e USING unnest(@journals, @segments, @offsets, @sequences) w (journal, segment, at, sequence) WHERE e.journal = w.journal AND e.segment = w.segment AND e.\"offset\" = w.at",
        PostgresHeld.Places(words, reason: null)));

    public void DropWords(IReadOnlyCollection<HeldWords> exchanges, string content) => InTransaction(() =>
    {
        new PostgresWordsOut(connection).Run(exchanges, content);
        return true;
    });

    public void DropDescriptions(Forgetting asked) => InTransaction(() =>
    {
        PostgresSessionsOut.Describe(connection, asked);
        return true;
    });

    public IReadOnlyList<StoredLetter> Letters() => Refusing(() => connection.Query<StoredLetter>(StoredLetter.Select).AsList());

    public IReadOnlySet<string> KeysOf(Forgetting asked) => Refusing(() => connection.Query<string>(
        "SELECT e.commit_key FROM forgetting f JOIN exchanges e ON e.org = f.org AND e.session = f.session WHERE f.number = ANY (@Sessions)", new { Sessions = asked.Sessions.ToArray() })
        .ToHashSet(StringComparer.Ordinal));

    public IReadOnlySet<SessionKey> NamesOf(Forgetting asked) => Refusing(() => connection
        .Query<(string Org, string Harness, string Id)>(
            "SELECT s.org::text, s.harness_id, s.harness_session_id FROM forgetting f JOIN sessions s ON s.org = f.org AND s.session = f.session WHERE f.number = ANY (@Sessions)",
            new { Sessions = asked.Sessions.ToArray() })
        .Select(row => new SessionKey(row.Org, row.Harness, row.Id))
        .ToHashSet());

    public void DropLetters(IReadOnlyCollection<long> letters) => InTransaction(() =>
        connection.Execute("DELETE FROM dead_letters WHERE letter = ANY (@letters)", new { letters = letters.ToArray() }));

    public int RemoveMonths(long before)
    {
        var rows = 0;
        foreach (var month in Refusing(() => PostgresMonths.Before(connection, before)))
        {
            rows += InTransaction(() => PostgresMonths.TryDrop(connection, month));
        }

        return rows;
    }

    public int RemoveWholeCalls(IReadOnlyCollection<HeldWords> exchanges) => InTransaction(() => PostgresRecordsOut.RunWholeCalls(connection, exchanges));

    public int RemoveRecords(IReadOnlyCollection<HeldWords> exchanges) => InTransaction(() => PostgresRecordsOut.Run(connection, exchanges));

    public void RemoveSessions(Forgetting? asked) => InTransaction(() =>
    {
        PostgresSessionsOut.Remove(connection, asked?.Sessions);
        return true;
    });

    // What was deleted stays in its page until something is written over it; a table that is written anew has none of it.
    public void Compact()
    {
        Renew();
        Refusing(() => connection.Execute("VACUUM (FULL) exchanges, sessions, session_nodes, nodes, blobs, tool_calls, dead_letters, search_documents, figures"));
    }

    public void RemoveCopies()
    {
        // An upgrade makes none.
    }

    public void Done(Forgetting asked) => InTransaction(() => connection.Execute(
        "DELETE FROM forgetting WHERE number = ANY (@Sessions) AND asked_at = @AskedAt", new { Sessions = asked.Sessions.ToArray(), asked.AskedAt }));

    public void Dispose()
    {
        try
        {
            if (lease is not null)
            {
                using var transaction = connection.BeginTransaction();
                leases.Release(lease);
                transaction.Commit();
            }
        }
        catch (Exception gone) when (gone is DbException or InvalidOperationException)
        {
            // Then it runs out.
        }

        connection.Dispose();
        source.Dispose();
    }

    private static DynamicParameters Named(string org, string sessionId, long? at)
    {
        var parameters = new DynamicParameters();
        parameters.Add("org", PostgresValues.Org(org));
        parameters.Add("session", Guid.TryParse(sessionId, out var session) ? session : Guid.Empty);
        parameters.Add("at", at, System.Data.DbType.Int64);
        return parameters;
    }

    private T InTransaction<T>(Func<T> work)
    {
        Renew();
        return Refusing(() =>
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(PostgresLocks.KeepOthersOut);
            if (lease is not null)
            {
                leases.Require(lease);
            }

            var result = work();
            transaction.Commit();
            return result;
        });
    }

    // By the clock of this process: a third of its time before it runs out by the server's.
    private void Renew()
    {
        if (lease is null || time.GetElapsedTime(renewedAt) < LeaseDuration / 3)
        {
            return;
        }

        var before = lease;
        lease = null;
        lease = Refusing(() =>
        {
            using var transaction = connection.BeginTransaction();
            var renewed = leases.TryLease(Job, owner, before.Token, LeaseDuration, before);
            transaction.Commit();
            return renewed;
        }) ?? throw new LeaseLostException($"The lease «{Job}» of {owner} (fencing {before.Fencing}) was taken by another.");
        renewedAt = time.GetTimestamp();
    }

    private static T Refusing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
        {
            throw Unavailable(fault);
        }
    }

    private static StoreUnavailableException Unavailable(Exception fault) => PostgresStore.Unavailable(fault);
}
