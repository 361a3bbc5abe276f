using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Ingesting;

public sealed class IngestLoopTests : IDisposable
{
    private static readonly Told[] Calls = LoopWorld.Calls;

    private readonly LoopWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task A_loop_whose_journal_another_process_takes_in_by_now_stores_nothing_more_and_says_so()
    {
        await world.WriteAsync(LoopWorld.Calls);
        IngestStore? other = null;
        world.Interpret = exchange =>
        {
            if (exchange.Id == LoopWorld.Calls[17].Id)
            {
                other ??= IngestStore.Open(world.Store.File, JournalIdentity.Of(world.Journal), TimeProvider.System, default);
            }

            return LoopWorld.Meaning(exchange);
        };
        var loop = world.Loop();

        var taken = await world.CatchUpAsync(loop);

        Assert.InRange(taken, 0, LoopWorld.Calls.Length - 1);
        Assert.Equal(taken, world.Store.Count("exchanges"));
        Assert.Equal(IngestPhase.Halted, loop.State.Phase);
        Assert.Contains("was taken by another", loop.State.Reason, StringComparison.Ordinal);
        other!.Dispose();
        world.Interpret = LoopWorld.Meaning;
        Assert.Equal(LoopWorld.Calls.Length - taken, await world.CatchUpAsync());
        Assert.Empty(world.Parity());
    }

    [Fact]
    public async Task What_is_in_the_journal_comes_into_the_store_and_a_replay_gives_the_same_state()
    {
        await world.WriteAsync(Calls);
        Assert.Equal(Calls.Length, await world.CatchUpAsync());

        using var replayed = SqliteTestStore.Open();
        await world.CatchUpAsync(world.Loop(replayed.File));
        Assert.Equal(world.Store.State(), replayed.State());
        Assert.Equal(Calls.Length, world.Store.Count("exchanges"));
        Assert.Empty(SqliteStore.VerifierAt(world.Store.File).Verify());
        Assert.Empty(world.Parity());
    }

    [Fact]
    public async Task A_second_start_goes_on_where_the_first_stopped_and_counts_nothing_twice()
    {
        await world.WriteAsync(Calls[..15]);
        Assert.Equal(15, await world.CatchUpAsync());
        await world.WriteAsync(Calls[15..]);

        Assert.Equal(Calls.Length - 15, await world.CatchUpAsync());
        Assert.DoesNotContain(true, world.Store.Records().Select(record => record.Replayed));
        Assert.Empty(world.Parity());
    }

    [Fact]
    public async Task A_replay_recognises_what_is_stored_takes_what_is_not_and_moves_the_position_behind_it()
    {
        await world.WriteAsync(Calls[..15]);
        await world.CatchUpAsync();
        await world.WriteAsync(Calls[15..20]);

        var replay = new JournalReplay(LoopWorld.Meaning);
        using (var consumer = new JournalConsumer(world.Journal, default))
        {
            replay.Run(consumer, world.Store.Ingest, movesCursor: true);
        }

        Assert.Equal((5, 15, 0), (replay.Count(DeliveryVerdict.Accepted), replay.Count(DeliveryVerdict.Duplicate), replay.Count(DeliveryVerdict.Conflict)));
        Assert.Equal(20, world.Store.Count("exchanges"));
        Assert.Equal(0, await world.CatchUpAsync());
    }

    [Fact]
    public async Task A_running_loop_tells_of_each_commit_and_follows_the_journal()
    {
        await using var journal = world.OpenJournal();
        world.ReadFrom = from => journal.Consume(from);
        var loop = world.Loop();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = 0;
        loop.Committed += batch =>
        {
            told += batch.Results.Count;
            if (told == Calls.Length)
            {
                all.SetResult();
            }
        };
        using var finish = new CancellationTokenSource();
        var running = loop.RunAsync(finish.Token, CancellationToken.None);
        foreach (var call in Calls)
        {
            Assert.True(await journal.AppendAsync(call.Exchange()));
        }

        await all.Task.WaitAsync(LoopWorld.WaitMax);
        Assert.True(loop.StoreOpened.IsCompletedSuccessfully);
        await finish.CancelAsync();
        Assert.Equal(Calls.Length, await running.WaitAsync(LoopWorld.WaitMax));
        Assert.Equal(IngestPhase.Stopped, loop.State.Phase);
        Assert.Equal(Calls.Length, world.Store.Count("exchanges"));
    }

    [Fact]
    public async Task Asked_to_finish_it_takes_in_what_is_there_and_told_to_stop_it_ends_whatever_is_left()
    {
        await world.WriteAsync(Calls);
        using var stop = new CancellationTokenSource();
        world.Interpret = exchange =>
        {
            // In the middle of the first batch.
            stop.Cancel();
            return LoopWorld.Meaning(exchange);
        };
        var loop = world.Loop();

        Assert.Equal(0, await loop.RunAsync(CancellationToken.None, stop.Token).WaitAsync(LoopWorld.WaitMax));
        Assert.Equal(0, world.Store.Count("exchanges"));

        world.Interpret = LoopWorld.Meaning;
        Assert.Equal(Calls.Length, await world.CatchUpAsync());
        Assert.Empty(world.Parity());
    }

    [Fact]
    public async Task A_stop_is_heard_while_the_store_is_locked_and_what_was_read_is_taken_in_at_the_next_start()
    {
        await world.WriteAsync(Calls);
        using var other = await LockAsync();
        using var stop = new CancellationTokenSource();
        var loop = world.Loop();
        var running = loop.RunAsync(new CancellationToken(canceled: true), stop.Token);
        await UntilAsync(() => loop.State.Phase == IngestPhase.Retrying);

        await stop.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(LoopWorld.WaitMax));
        Execute(other, "COMMIT");

        Assert.Equal(Calls.Length, await world.CatchUpAsync());
    }

    [Fact]
    public async Task A_store_that_is_locked_for_a_while_is_tried_again_until_it_takes_everything()
    {
        await world.WriteAsync(Calls);
        using var other = await LockAsync();
        var loop = world.Loop();
        var ingest = world.CatchUpAsync(loop);
        await UntilAsync(() => loop.State.Phase == IngestPhase.Retrying);
        Assert.Contains("locked", loop.State.Reason, StringComparison.Ordinal);
        Execute(other, "COMMIT");

        Assert.Equal(Calls.Length, await ingest);
    }

    [Fact]
    public async Task What_ended_long_ago_is_taken_in_on_every_processor_and_in_the_journal_s_order()
    {
        var threads = new HashSet<int>();
        world.Settings = world.Settings with { BatchCountMax = 1000 };
        world.Interpret = exchange =>
        {
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }

            return LoopWorld.Meaning(exchange);
        };
        await world.WriteAsync(Calls);
        var order = new List<Guid>();
        var loop = world.Loop();
        loop.Committed += batch => order.AddRange(batch.Deliveries.Select(delivery => delivery.Told.Exchange.Id.Value));

        await world.CatchUpAsync(loop);

        Assert.Equal(Calls.Select(call => call.Id.Value), order);
        Assert.NotEmpty(threads);
        Assert.Empty(world.Parity());
    }

    private async Task<SqliteConnection> LockAsync()
    {
        // Another writer that is in the middle of something, until it commits.
        var other = await LetheDatabase.OpenAsync(world.Store.File, TimeProvider.System);
        Execute(other, "BEGIN IMMEDIATE");
        return other;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(LoopWorld.WaitMax);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }
}
