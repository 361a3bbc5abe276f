using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Postgres;

/// <summary>The server goes away under load, and comes back: nothing is lost, and nothing counted twice.</summary>
public sealed class PostgresFaultTests : IDisposable
{
    private static readonly TimeSpan RecoverMax = TimeSpan.FromSeconds(120);
    private static readonly Guid Journal = new("77777777-7777-7777-7777-777777777777");

    private readonly PostgresServer server = PostgresServer.Start();

    public void Dispose() => server.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_server_that_stops_or_is_killed_had_not_committed_is_delivered_again(bool kill)
    {
        var told = Hostile.Tell([.. Enumerable.Range(1, 120)]);
        using var alone = SqliteTestStore.Open();
        alone.Deliver(told);
        server.Create("fault");
        using var store = PostgresStore.Open(server.ConnectionString("fault"), TimeProvider.System);
        var halves = new[] { told[..60], told[60..] };
        var recorders = halves.Select((half, i) => Task.Run(() => Record(half, i))).ToArray();
        Assert.True(SpinWait.SpinUntil(() => Stored() > 20, RecoverMax));
        if (kill)
        {
            server.Kill();
        }
        else
        {
            server.Stop();
        }

        server.Begin();
        await Task.WhenAll(recorders).WaitAsync(RecoverMax);

        using var reader = PostgresStore.ReaderAt(server.ConnectionString("fault"));
        using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString("fault"));
        connection.Open();
        Assert.Equal(alone.State(), StoreState.Of(reader, connection, PostgresStoreState.Rows));

        int Stored()
        {
            using var counting = PostgresStore.ReaderAt(server.ConnectionString("fault"));
            return Hostile.Orgs.Sum(org => (int)counting.LastChange(org));
        }
    }

    // As ingest does: the same batch until it is taken, and on from the position that the store remembers.
    private void Record(Told[] calls, int recorder)
    {
        var journal = new Guid(Journal.ToByteArray()[..15].Append((byte)recorder).ToArray());
        var began = TimeProvider.System.GetTimestamp();
        using var store = PostgresStore.Open(server.ConnectionString("fault"), TimeProvider.System);
        for (var done = false; !done && TimeProvider.System.GetElapsedTime(began) < RecoverMax;)
        {
            try
            {
                var at = (int)(store.Cursor("ingest", journal)?.Sequence ?? 0);
                done = at >= calls.Length;
                if (!done)
                {
                    var batch = calls[at..Math.Min(at + 2, calls.Length)];
                    store.Commit(
                        [.. batch.Select(one => one.Delivery())],
                        new CommitOptions { Consumer = "ingest", Position = new JournalPosition(journal, 1, 0, at + batch.Length) });
                }
            }
            catch (StoreUnavailableException)
            {
                // Tried again, as long as it takes.
            }
        }
    }
}
