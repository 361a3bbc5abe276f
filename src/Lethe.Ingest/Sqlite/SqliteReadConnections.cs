using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Lethe.Ingest.Reading;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Connections to a file that cannot change it, kept for the next reading.</summary>
internal sealed class SqliteReadConnections(string path) : IReadConnections
{
    private const int KeptMax = 8;

    private readonly ConcurrentBag<(SqliteConnection Connection, DateTime FileBegan)> kept = [];
    private volatile bool isDisposed;

    public ReadConnection Open()
    {
        var began = File.GetCreationTimeUtc(path);
        while (kept.TryTake(out var one))
        {
            // Another file may be there by now, or none.
            if (one.FileBegan == began)
            {
                return new ReadConnection(one.Connection, connection => GiveBack((SqliteConnection)connection, began));
            }

            one.Connection.Dispose();
        }

        return new ReadConnection(LetheDatabase.OpenReadOnly(path), connection => GiveBack((SqliteConnection)connection, began));
    }

    public object? Org(DbConnection connection, string orgId) =>
        connection.ExecuteScalar<long?>("SELECT org FROM orgs WHERE org_id = @orgId", new { orgId });

    public object ExchangeId(Guid id) => id.Bytes();

    public object SessionId(Guid id) => id.ToString("D");

    // No letter of an id is behind g.
    public (object First, object Last) SessionIds(string prefix) => (prefix, prefix + "g");

    public DbTransaction BeginSnapshot(DbConnection connection) => ((SqliteConnection)connection).BeginTransaction(deferred: true);

    public void Dispose()
    {
        isDisposed = true;
        while (kept.TryTake(out var one))
        {
            one.Connection.Dispose();
        }
    }

    private void GiveBack(SqliteConnection connection, DateTime fileBegan)
    {
        if (isDisposed || kept.Count >= KeptMax)
        {
            connection.Dispose();
        }
        else
        {
            kept.Add((connection, fileBegan));
        }
    }
}
