using System.Collections.Concurrent;
using Lethe.Ingest.Reading;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Connections to a file that cannot change it, kept for the next reading.</summary>
internal sealed class SqliteReadConnections(string path) : SqliteReading
{
    private const int KeptMax = 8;

    private readonly ConcurrentBag<(SqliteConnection Connection, DateTime FileBegan)> kept = [];
    private volatile bool isDisposed;

    public override ReadConnection Open()
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

    public override void Dispose()
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
