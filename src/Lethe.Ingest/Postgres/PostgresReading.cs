using System.Data;
using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Npgsql;

namespace Lethe.Ingest.Postgres;

/// <summary>Connections of a pool, for reading, and how a PostgreSQL store names what readers look for.</summary>
internal abstract class PostgresReading(NpgsqlDataSource source) : IReadConnections
{
    private const string LastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    private const string FirstId = "00000000-0000-0000-0000-000000000000";

    private volatile bool isChecked;

    public ReadConnection Open()
    {
        var connection = source.OpenConnection();
        try
        {
            if (!isChecked)
            {
                PostgresDatabase.RequireLatest(connection);
                isChecked = true;
            }

            return new ReadConnection(connection, static used => used.Dispose());
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public object? Org(DbConnection connection, string orgId) => Guid.TryParse(orgId, out var org) ? org : null;

    public IReadOnlyList<string> Orgs(DbConnection connection) => connection.Query<string>("SELECT org::text FROM orgs ORDER BY org").AsList();

    public object ExchangeId(Guid id) => id;

    public object ExchangeIds(IEnumerable<Guid> ids) => ids.ToArray();

    public object SessionId(Guid id) => id;

    public object SessionIds(IEnumerable<Guid> ids) => ids.ToArray();

    public string IsAmong(string column, string parameter) => $"{column} = ANY (@{parameter})";

    public string Unsought(string column) => column;

    public (object First, object Last) SessionIdsFrom(string prefix) =>
        (Guid.ParseExact(prefix + FirstId[prefix.Length..], "D"), Guid.ParseExact(prefix + LastId[prefix.Length..], "D"));

    public IEnumerable<long> Documents(StoreMoment at, SearchQuery query, long first, long last) => PostgresSearch.Documents(at, query, first, last);

    public IReadOnlyList<(Guid Session, MessageRow Message)> Messages(StoreMoment at, IReadOnlyCollection<(Guid Session, byte[] Hash)> wanted) =>
        at.Db.Query<Guid, MessageRow, (Guid, MessageRow)>(
            """
            SELECT w.session, m.hash, m.parent_hash, m.depth, m.role, m.body, m.carried_at, m.carried_by
            FROM unnest(@sessions, @hashes) w (session, hash)
            JOIN session_messages m ON m.org = @Owner AND m.session_id = w.session AND m.hash = w.hash
            """,
            (session, message) => (session, message),
            new { at.Owner, sessions = wanted.Select(one => one.Session).ToArray(), hashes = wanted.Select(one => one.Hash).ToArray() },
            at.Snapshot,
            splitOn: "hash").AsList();

    public IReadOnlyDictionary<Guid, byte[]> SystemsBefore(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows) => at.Db.Query<(Guid ExchangeId, byte[]? Hash)>(
        """
        SELECT w.id, (
          SELECT e.system FROM exchanges e
          WHERE e.org = @Owner AND e.session = w.session AND e.captured_at <= w.at AND (e.captured_at, e.exchange_id) < (w.at, w.id)
          ORDER BY e.captured_at DESC, e.exchange_id DESC LIMIT 1)
        FROM unnest(@ids, @sessions, @times) w (id, session, at)
        """,
        new
        {
            at.Owner,
            ids = rows.Select(row => row.ExchangeId).ToArray(),
            sessions = rows.Select(row => row.SessionId!.Value).ToArray(),
            times = rows.Select(row => row.CapturedAt).ToArray(),
        },
        at.Snapshot).Where(one => one.Hash is not null).ToDictionary(one => one.ExchangeId, one => one.Hash!);

    public DbTransaction BeginSnapshot(DbConnection connection) => connection.BeginTransaction(IsolationLevel.RepeatableRead);

    public void Dispose() => source.Dispose();
}

/// <summary>As the readers need it.</summary>
internal sealed class PostgresReadConnections(NpgsqlDataSource source) : PostgresReading(source);
