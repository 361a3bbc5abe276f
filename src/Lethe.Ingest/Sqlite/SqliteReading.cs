using System.Data.Common;
using Dapper;
using Lethe.Ingest.Reading;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>How a SQLite store names what readers look for.</summary>
internal abstract class SqliteReading : IReadConnections
{
    public abstract ReadConnection Open();

    public object? Org(DbConnection connection, string orgId) =>
        connection.ExecuteScalar<long?>("SELECT org FROM orgs WHERE org_id = @orgId", new { orgId });

    public IReadOnlyList<string> Orgs(DbConnection connection) => connection.Query<string>("SELECT org_id FROM orgs ORDER BY org_id").AsList();

    public object ExchangeId(Guid id) => id.Bytes();

    public object ExchangeIds(IEnumerable<Guid> ids) => ids.Select(id => id.Bytes()).ToArray();

    public object SessionId(Guid id) => id.ToString("D");

    public object SessionIds(IEnumerable<Guid> ids) => ids.Select(id => id.ToString("D")).ToArray();

    public string IsAmong(string column, string parameter) => $"{column} IN @{parameter}";

    // It has no figures of its tables, and takes an index on the organisation for as good as one on the session (https://www.sqlite.org/optoverview.html, 3.1).
    public string Unsought(string column) => "+" + column;

    // No letter of an id is behind g.
    public (object First, object Last) SessionIdsFrom(string prefix) => (prefix, prefix + "g");

    public IEnumerable<long> Documents(StoreMoment at, SearchQuery query, long first, long last) => SqliteSearch.Documents(at, query, first, last);

    public IReadOnlyList<(Guid Session, MessageRow Message)> Messages(StoreMoment at, IReadOnlyCollection<(Guid Session, byte[] Hash)> wanted) =>
    [
        .. wanted
            .Select(one => (one.Session, Message: at.Db.QueryFirstOrDefault<MessageRow>(
                "SELECT hash, parent_hash, depth, role, body, carried_at, carried_by FROM session_messages WHERE org = @Owner AND session_id = @session AND hash = @Hash",
                new { at.Owner, session = SessionId(one.Session), one.Hash },
                at.Snapshot)))
            .Where(one => one.Message is not null)
            .Select(one => (one.Session, one.Message!)),
    ];

    public IReadOnlyDictionary<Guid, byte[]> SystemsBefore(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows) => rows
        .Select(row => (row.ExchangeId, Hash: at.Db.ExecuteScalar<byte[]?>(
            """
            SELECT system_hash FROM exchange_records
            WHERE +org = @Owner AND session_id = @session AND captured_at <= @CapturedAt AND (captured_at, exchange_id) < (@CapturedAt, @id)
            ORDER BY captured_at DESC, exchange_id DESC LIMIT 1
            """,
            new { at.Owner, session = SessionId(row.SessionId!.Value), row.CapturedAt, id = ExchangeId(row.ExchangeId) },
            at.Snapshot)))
        .Where(one => one.Hash is not null)
        .ToDictionary(one => one.ExchangeId, one => one.Hash!);

    public DbTransaction BeginSnapshot(DbConnection connection) => ((SqliteConnection)connection).BeginTransaction(deferred: true);

    public abstract void Dispose();
}

/// <summary>Connections to a store of this process's memory.</summary>
internal sealed class SqliteMemoryReadConnections(string name) : SqliteReading
{
    public override ReadConnection Open() =>
        new(LetheDatabase.OpenMemory(name, isWriter: false, TimeProvider.System), static connection => connection.Dispose());

    public override void Dispose()
    {
        // Each connection goes with its reading.
    }
}
