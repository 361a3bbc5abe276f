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

    public IReadOnlyList<SearchCandidate> Candidates(StoreMoment at, SearchQuery query, SearchFilter filter, int limit) =>
        SqliteSearch.Candidates(at, query, filter, limit);

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
