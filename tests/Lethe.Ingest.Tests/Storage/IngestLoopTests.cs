using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Storage;

public sealed class IngestLoopTests : IDisposable
{
    private static readonly Told[] Calls = [.. Hostile.Tell([.. Enumerable.Range(1, 40)])];
    private static readonly IngestSettings Small = new() { BatchCountMax = 7, RetryPause = TimeSpan.FromMilliseconds(1), RetryPauseMax = TimeSpan.FromMilliseconds(5) };

    private readonly string directory = TestStore.NewDirectory();

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task What_is_in_the_journal_comes_into_the_store_and_a_replay_gives_the_same_state()
    {
        await WriteJournal(Calls);
        using var store = TestStore.Open();
        Assert.Equal(Calls.Length, await CatchUp(store));

        using var replayed = TestStore.Open();
        await CatchUp(replayed);
        Assert.Equal(StoreState.Of(store), StoreState.Of(replayed));
        Assert.Equal(Calls.Length, store.Reader.LastChange());
        Assert.Empty(new StoreVerifier(store.File).Verify());
        Assert.Empty(Parity(store));
    }

    [Fact]
    public async Task A_second_start_goes_on_where_the_first_stopped_and_counts_nothing_twice()
    {
        await WriteJournal(Calls[..15]);
        using var store = TestStore.Open();
        Assert.Equal(15, await CatchUp(store));
        await WriteJournal(Calls[15..]);

        Assert.Equal(Calls.Length - 15, await CatchUp(store));
        Assert.DoesNotContain(true, store.Reader.Exchanges(new ExchangeFilter()).Select(record => record.Replayed));
        Assert.Empty(Parity(store));
    }

    [Fact]
    public async Task A_journal_read_from_its_beginning_again_is_all_replays_and_what_is_new_in_it_is_taken()
    {
        await WriteJournal(Calls[..15]);
        using var store = TestStore.Open();
        await CatchUp(store);
        await WriteJournal(Calls[15..20]);

        using var consumer = new JournalConsumer(directory, default);
        await new IngestLoop(consumer, store.Ingest, Meaning, Small, TimeProvider.System, NullLogger.Instance).CatchUpAsync();

        Assert.Equal(20, store.Reader.LastChange());
        Assert.Equal(15, store.Reader.Exchanges(new ExchangeFilter()).Count(record => record.Replayed));
    }

    [Fact]
    public async Task A_running_loop_tells_of_each_commit_and_follows_the_journal()
    {
        using var store = TestStore.Open();
        await using var journal = OpenJournal();
        using var consumer = journal.Consume(IngestLoop.StartOf(store.Ingest));
        var loop = new IngestLoop(consumer, store.Ingest, Meaning, Small, TimeProvider.System, NullLogger.Instance);
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
        using var stopping = new CancellationTokenSource();
        var running = loop.RunAsync(stopping.Token);
        foreach (var call in Calls)
        {
            Assert.True(await journal.AppendAsync(call.Exchange()));
        }

        await all.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await stopping.CancelAsync();
        await running;
        Assert.Equal(Calls.Length, store.Reader.LastChange());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(100_000)]
    public async Task A_journal_that_was_thrown_away_is_begun_anew_and_nothing_of_the_new_one_is_taken_for_known(long lowWater)
    {
        await WriteJournal(Calls[..5]);
        using var store = TestStore.Open();
        store.Ingest.Commit([], new Dictionary<string, JournalPosition> { ["ingest"] = new(default, 1, lowWater, 1) });

        await using (var journal = OpenJournal())
        {
            using var consumer = journal.Consume(IngestLoop.StartOf(store.Ingest));
            await new IngestLoop(consumer, store.Ingest, Meaning, Small, TimeProvider.System, NullLogger.Instance).CatchUpAsync();
        }

        Assert.Equal(5, store.Reader.LastChange());
        await WriteJournal(Calls[5..9]);
        Assert.Equal(4, await CatchUp(store));
        Assert.Empty(Parity(store));
    }

    [Fact]
    public async Task An_exchange_that_cannot_be_interpreted_is_kept_undecoded_and_stops_nobody()
    {
        await WriteJournal(Calls[..5]);
        using var store = TestStore.Open();
        await CatchUp(store, exchange => exchange.Id == Calls[2].Id ? throw new InvalidOperationException("a bug") : Meaning(exchange));

        var record = store.Reader.Exchange(Calls[2].Id.ToString())!;
        Assert.Equal(("not_decoded", "interpreter_failed"), (record.Outcome, record.OutcomeReason));
        Assert.Equal(5, store.Reader.LastChange());
        Assert.Empty(new StoreVerifier(store.File).Parity(directory, exchange => exchange.Id == Calls[1].Id ? throw new InvalidOperationException("a bug") : Meaning(exchange)));
    }

    [Fact]
    public async Task A_store_that_is_locked_for_a_while_is_tried_again_until_it_takes_everything()
    {
        await WriteJournal(Calls);
        using var store = TestStore.Open();
        using var other = await LockAsync(store);

        var ingest = Task.Run(() => CatchUp(store));
        Assert.NotSame(ingest, await Task.WhenAny(ingest, Task.Delay(100)));
        Pragma(other, "COMMIT");

        Assert.Equal(Calls.Length, await ingest.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task What_a_stop_finds_read_and_not_stored_is_stored_by_the_catching_up_that_follows()
    {
        await WriteJournal(Calls);
        using var store = TestStore.Open();
        using var other = await LockAsync(store);
        using var consumer = new JournalConsumer(directory, IngestLoop.StartOf(store.Ingest));
        using var stopping = new CancellationTokenSource();
        var loop = new IngestLoop(
            consumer,
            store.Ingest,
            exchange =>
            {
                // The first batch has been read.
                stopping.Cancel();
                return Meaning(exchange);
            },
            Small,
            TimeProvider.System,
            NullLogger.Instance);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop.CatchUpAsync(stopping.Token)).WaitAsync(TimeSpan.FromSeconds(30));
        Pragma(other, "COMMIT");

        Assert.Equal(Calls.Length, await loop.CatchUpAsync());

        Assert.Equal(Calls.Length, store.Reader.LastChange());
    }

    [Fact]
    public async Task Parity_lists_everything_that_the_store_lacks_or_holds_otherwise()
    {
        await WriteJournal(Calls[..3]);
        using var store = TestStore.Open();
        await CatchUp(store);
        Pragma(store.Connection, $"DELETE FROM receipts WHERE commit_key = '{Calls[0].Id}'");
        Pragma(store.Connection, $"UPDATE receipts SET content_hash = zeroblob(32) WHERE commit_key = '{Calls[1].Id}'");

        Assert.Equal(
            [(VerifyFaultKind.Missing, Calls[0].Id.ToString()), (VerifyFaultKind.Mismatch, Calls[1].Id.ToString())],
            Parity(store).Select(fault => (fault.Kind, fault.Subject)));
    }

    [Fact]
    public async Task Parity_lists_what_the_store_has_and_a_journal_that_holds_its_segment_has_not()
    {
        await WriteJournal(Calls[..3]);
        using var store = TestStore.Open();
        await CatchUp(store);
        store.Deliver(
            Calls[5] with { BodyAt = new JournalPosition(default, 1, 10, 2) },
            Calls[6] with { BodyAt = new JournalPosition(default, 7, 10, 70) },
            Calls[7]);

        Assert.Equal([(VerifyFaultKind.Unjournalled, Calls[5].Id.ToString())], Parity(store).Select(fault => (fault.Kind, fault.Subject)));
    }

    [Fact]
    public async Task Parity_asks_nothing_of_segments_that_are_gone_or_never_were_here()
    {
        await WriteJournal(Calls[..3]);
        await WriteJournal(Calls[3..6]);
        using var store = TestStore.Open();
        await CatchUp(store);
        Assert.Equal(2, Directory.GetFiles(directory, "*.lines*").Length);
        Assert.Empty(Parity(store));

        File.Delete(Directory.GetFiles(directory, "*.lines*").Order(StringComparer.Ordinal).First());
        Assert.Empty(Parity(store));

        Assert.Empty(new StoreVerifier(store.File).Parity(Path.Combine(directory, "elsewhere"), Meaning));
    }

    // The wire of these calls is empty: what they mean is looked up by their id.
    private static InterpretedExchange Meaning(CapturedExchange exchange) =>
        Calls.Single(call => call.Id == exchange.Id).Interpret() with { Exchange = exchange };

    /// <summary>Another writer that is in the middle of something, until it commits.</summary>
    private static async Task<SqliteConnection> LockAsync(TestStore store)
    {
        var other = await LetheDatabase.OpenAsync(store.File, TimeProvider.System);
        Pragma(store.Connection, "PRAGMA busy_timeout = 1");
        Pragma(other, "BEGIN IMMEDIATE");
        return other;
    }

    private static void Pragma(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private List<VerifyFault> Parity(TestStore store) => [.. new StoreVerifier(store.File).Parity(directory, Meaning)];

    private Journal OpenJournal() => Journal.Open(new JournalSettings { Directory = directory }, TimeProvider.System, NullLogger.Instance);

    private async Task WriteJournal(Told[] calls)
    {
        await using var journal = OpenJournal();
        foreach (var call in calls)
        {
            Assert.True(await journal.AppendAsync(call.Exchange()));
        }
    }

    private async Task<long> CatchUp(TestStore store, Func<CapturedExchange, InterpretedExchange>? interpret = null)
    {
        using var consumer = new JournalConsumer(directory, IngestLoop.StartOf(store.Ingest));
        return await new IngestLoop(consumer, store.Ingest, interpret ?? Meaning, Small, TimeProvider.System, NullLogger.Instance).CatchUpAsync();
    }
}
