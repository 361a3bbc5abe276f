using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Of which exchanges something is held, oldest first.</summary>
internal sealed class PostgresHeld(NpgsqlConnection connection, Guid journal)
{
    /// <summary>A session and all below it: <c>tree</c>.</summary>
    public const string Tree = """
        WITH RECURSIVE tree (org, session) AS (
          SELECT org, session FROM sessions WHERE org = @org AND session = @session
          UNION
          SELECT s.org, s.session FROM tree t JOIN sessions s ON s.org = t.org AND s.parent = t.session)
        """;

    /// <summary>A pin holds a whole tree: <c>pinned</c>.</summary>
    public const string Pinned = """
        WITH RECURSIVE pinned (org, session) AS (
          SELECT org, session FROM sessions WHERE pinned_at IS NOT NULL
          UNION
          SELECT s.org, s.session FROM pinned p JOIN sessions s ON s.org = p.org AND s.parent = p.session)
        """;

    public const string HasWords = "e.content NOT IN ('expired', 'erased')";

    public const string IsPinned = "EXISTS (SELECT 1 FROM pinned p WHERE p.org = e.org AND p.session = e.session)";

    private const string Columns = "e.org::text AS org_id, e.exchange_id, e.captured_at, e.body_journal, e.body_segment, e.body_offset, e.body_sequence";

    private const string OfSessions = $"""
        SELECT {Columns}
        FROM forgetting f JOIN exchanges e ON e.org = f.org AND e.session = f.session
        WHERE f.number = ANY (@Sessions) AND (e.captured_at <= @AskedAt OR e.ingested <= @UpTo)

        """;

    private const string Old = $"""
        {Pinned}
        SELECT {Columns}
        FROM exchanges e
        WHERE e.captured_at < @before AND NOT {IsPinned}

        """;

    private const string Oldest = " ORDER BY e.captured_at LIMIT @countMax";

    public HeldWords[] WordsOf(Forgetting asked, int countMax) =>
        Query(OfSessions + "AND e.content <> 'erased' ORDER BY e.ingested LIMIT @countMax", Parameters(asked, countMax));

    public HeldWords[] RecordsOf(Forgetting asked) => Query(OfSessions + "AND e.content = 'erased' ORDER BY e.ingested", Parameters(asked, countMax: null));

    public HeldWords[] WordsBefore(long before, int countMax) => Query($"{Old}AND {HasWords}{Oldest}", new { before, countMax });

    public HeldWords[] OldestWords(int countMax) =>
        Query($"{Old}AND {HasWords} AND e.body_journal = @journal{Oldest}", new { before = long.MaxValue, countMax, journal });

    public HeldWords[] RecordsBefore(long before, int countMax) => Query($"{Old}AND NOT {HasWords}{Oldest}", new { before, countMax });

    public long CountOfWords() => connection.ExecuteScalar<long>($"SELECT count(*) FROM exchanges e WHERE {HasWords} AND e.body_journal = @journal", new { journal });

    /// <summary>Places as columns, a row each.</summary>
    public static object Places(IReadOnlyCollection<JournalPosition> places, string? reason) => new
    {
        journals = places.Select(place => place.Journal).ToArray(),
        segments = places.Select(place => place.Segment).ToArray(),
        offsets = places.Select(place => place.Offset).ToArray(),
        sequences = places.Select(place => place.Sequence).ToArray(),
        reason,
    };

    private static object Parameters(Forgetting asked, int? countMax) => new { Sessions = asked.Sessions.ToArray(), asked.AskedAt, asked.UpTo, countMax };

    private HeldWords[] Query(string sql, object parameters) => [.. connection.Query<HeldRow>(sql, parameters).Select(row => row.ToHeld())];
}
