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

    public IReadOnlyList<SearchCandidate> Candidates(StoreMoment at, SearchQuery query, SearchFilter filter, int limit) =>
        PostgresSearch.Candidates(at, query, filter, limit);

    public DbTransaction BeginSnapshot(DbConnection connection) => connection.BeginTransaction(IsolationLevel.RepeatableRead);

    public void Dispose() => source.Dispose();
}

/// <summary>As the readers need it.</summary>
internal sealed class PostgresReadConnections(NpgsqlDataSource source) : PostgresReading(source);
