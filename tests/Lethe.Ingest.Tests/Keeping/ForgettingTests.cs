using System.Data;
using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Tests.Journaling;
using Lethe.Ingest.Tests.Storage;
using Npgsql;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>A session that is forgotten is in no file any more, whatever failed on the way, and all else is as it was.</summary>
public abstract class ForgettingTests(StoreKind kind) : IDisposable
{
    private static readonly string[] Gone = ["one", "child"];

    private static readonly string[] Words =
    [
        "one-answer", "one-ask", "one-header", "one-answer-header", "one-query", "one-name", "one-cwd", "one-metadata", "one-command", "one-tools", "one-client-key",
        "child-ask", "child-answer", "child-system", "child-tools", "child-name", "child-cwd", "child-metadata", "child-command", "child-header",
    ];

    private readonly KeepingWorld world = new(kind, KeepingWorld.Conversations());

    [Fact]
    public async Task Nothing_of_its_words_is_left_in_any_file_and_its_facts_and_everything_else_stay()
    {
        await world.FillAsync();
        var id = world.Store.Session("one").SessionId;
        var others = world.StateBut(Gone);
        var counters = world.Counters();
        var costs = world.Store.Records().Select(record => (record.ExchangeId, record.CapturedAt, record.ModelServed, record.CostNanoUsd, record.Usage)).ToList();
        Assert.All(Words, word => Assert.Contains(word, world.Unfolded(), StringComparison.Ordinal));
        if (kind == StoreKind.Sqlite)
        {
            await File.WriteAllTextAsync(Path.Combine(world.Directory, "lethe.db.v1.bak"), "one-name");
        }


        ForgottenCounts? forgotten = null;
        await world.WithAsync(async keeping =>
        {
            forgotten = await keeping.ForgetAsync(Organisation.None, id, withFacts: false);
            Assert.Null(await keeping.ForgetAsync(Organisation.None, Guid.NewGuid().ToString(), withFacts: false));
            Assert.Equal(4, keeping.State.WordsErased);
        });

        Assert.Equal((2L, 4L), (forgotten!.Sessions, forgotten.Exchanges));
        AssertForgotten();
        Assert.Equal(others, world.StateBut(Gone));
        Assert.Equal(counters, world.Counters());
        Assert.Equal(costs, world.Store.Records().Select(record => (record.ExchangeId, record.CapturedAt, record.ModelServed, record.CostNanoUsd, record.Usage)));
        Assert.All(world.Store.Records().Where(record => Gone.Contains(record.Session?.HarnessSessionId)), record => Assert.Equal("erased", record.Content));
        Assert.Equal(KeepingWorld.Now, world.Store.Session("one").ErasedAt);
        Assert.Contains("shared-word", world.StateBut(Gone), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_its_facts_only_sums_are_left()
    {
        await world.FillAsync();
        var others = world.StateBut(Gone);
        var total = world.Store.Sessions().Sum(session => session.Counters.CostNanoUsd);

        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts: true));

        AssertForgotten();
        Assert.Equal(others, world.StateBut(Gone));
        Assert.DoesNotContain(world.Store.Sessions(), session => Gone.Contains(session.HarnessSessionId));
        Assert.DoesNotContain(world.Store.Records(), record => Gone.Contains(record.Session?.HarnessSessionId));
        var archived = world.Store.Archived<(long Exchanges, long Turns, long Cost, long Tools)>("exchanges, turns, cost_nano_usd, tool_calls");
        Assert.Equal((4L, 4L, 28L, 4L), archived);
        Assert.Equal(total, world.Store.Sessions().Sum(session => session.Counters.CostNanoUsd) + archived.Cost);
    }

    [Theory]
    [InlineData("one", 2)]
    [InlineData("two", 1)]
    public async Task With_its_facts_its_tries_of_a_call_go_and_those_of_another_session_are_numbered_without_them(string forgotten, int left)
    {
        var cut = KeepingWorld.Conversation(1, "one", day: 0).First() with { RetryKey = "k", Outcome = Capture.Outcome.UpstreamAborted };
        var answered = KeepingWorld.Conversation(2, "two", day: 0).First() with { At = 60, RetryKey = "k" };
        using var shared = new KeepingWorld(kind, [cut, answered]);
        await shared.FillAsync();
        Assert.Equal([1, 2], shared.Store.Records().Select(record => record.Turn.Attempt));

        await shared.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, shared.Store.Session(forgotten).SessionId, withFacts: true));

        var record = Assert.Single(shared.Store.Records());
        Assert.Equal((shared.Store.Sessions()[0].HarnessSessionId, 1, 1, null), (record.Session!.HarnessSessionId, record.Turn.Seq, record.Turn.Attempt, record.Turn.RetryOf));
        Assert.EndsWith($"{left}", record.ExchangeId, StringComparison.Ordinal);
        Assert.Equal((1, 1), (shared.Store.Sessions()[0].Counters.Exchanges, shared.Store.Sessions()[0].Counters.Turns));
        Assert.Equal(1, shared.Store.Archived<long>("exchanges"));
        Assert.DoesNotContain($"{forgotten}-answer", shared.Unfolded(), StringComparison.Ordinal);
        Assert.Empty(shared.Faults());
    }

    [Fact]
    public async Task Neither_a_replay_nor_a_later_delivery_brings_its_words_back()
    {
        await world.FillAsync();
        var others = world.StateBut(Gone);
        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts: false));
        var state = world.Store.State();

        var replay = world.TakeIn(world.Store.Ingest);
        Assert.Equal((0, 7), (replay.Count(DeliveryVerdict.Accepted), replay.Count(DeliveryVerdict.Duplicate)));
        // As a producer does that sends again what it sent before, and as one that had been slow.
        world.Store.Deliver([.. KeepingWorld.Conversations().Take(3).Select(call => call with { BodyAt = null })]);
        world.Store.Deliver(KeepingWorld.Conversation(60, "one", day: 1).First());
        Assert.Contains("one-name", world.Unfolded(), StringComparison.Ordinal);

        await world.LookAsync();

        AssertForgotten();
        Assert.Equal(others, world.StateBut(Gone));
        Assert.Equal(4 + 1, world.Store.Session("one").Counters.Exchanges + world.Store.Session("child").Counters.Exchanges);
        Assert.Contains(world.Store.Session("child").SessionId, state, StringComparison.Ordinal);

        using var empty = TestStore.Open(kind);
        world.TakeIn(empty.Ingest);
        Assert.Empty(empty.Faults());
        Assert.Equal(
            world.Store.Records().Where(record => record.Content == "kept").Select(record => record.ExchangeId), empty.Records().Select(record => record.ExchangeId));
    }

    [Fact]
    public async Task What_a_forgotten_session_left_as_dead_letters_goes_too()
    {
        await world.FillAsync();
        var told = KeepingWorld.Conversations()[0];
        Assert.Equal(DeliveryVerdict.Conflict, world.Store.Ingest.Commit([told.Delivery() with { ContentHash = new byte[32] }])[0].Verdict);
        Assert.Single(world.Store.Letters());

        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts: false));

        Assert.Empty(world.Store.Letters());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_that_fails_at_any_step_of_erasing_loses_nothing_else_and_the_erasing_ends_after_the_next_start(bool withFacts)
    {
        var isThrough = false;
        // Three steps fail at a time, so every step is among those that do.
        for (var step = 0; !isThrough; step += 2)
        {
            Assert.True(step < 200, "The steps have no end.");
            using var one = new KeepingWorld(kind, KeepingWorld.Conversations());
            await one.FillAsync();
            var others = one.StateBut(Gone);
            var id = one.Store.Session("one").SessionId;
            var disk = new FaultyDisk();
            var broken = one.OpenJournal(disk.Disk);
            var keeping = one.Keep(broken);
            (disk.FailsFrom, disk.FailsTo) = (disk.Steps + step, disk.Steps + step + 3);
            var failed = await Record.ExceptionAsync(() => keeping.ForgetAsync(Organisation.None, id, withFacts));
            isThrough = failed is null && disk.Steps < disk.FailsFrom;
            disk.Heal();
            await keeping.DisposeAsync();
            await broken.DisposeAsync();

            await one.LookAsync();

            AssertForgotten(one);
            Assert.Equal(others, one.StateBut(Gone));
        }
    }

    [Theory]
    [InlineData("BEFORE UPDATE ON exchanges", false)]
    [InlineData("BEFORE UPDATE ON tool_calls", false)]
    [InlineData("BEFORE DELETE ON session_nodes", false)]
    [InlineData("BEFORE DELETE ON nodes", false)]
    [InlineData("BEFORE DELETE ON blobs", false)]
    [InlineData("BEFORE UPDATE OF cwd ON sessions", false)]
    [InlineData("BEFORE DELETE ON forgetting", false)]
    [InlineData("BEFORE DELETE ON exchanges", true)]
    [InlineData("BEFORE DELETE ON sessions", true)]
    [InlineData("BEFORE INSERT ON archived", true)]
    public async Task A_store_that_refuses_at_any_step_is_asked_again(string step, bool withFacts)
    {
        await world.FillAsync();
        var others = world.StateBut(Gone);
        world.Store.Refuse(step);

        await world.WithAsync(keeping => Assert.ThrowsAsync<StoreUnavailableException>(
            () => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts)));
        Assert.Empty(world.Faults());
        world.Store.Allow();
        await world.LookAsync();

        AssertForgotten();
        Assert.Equal(others, world.StateBut(Gone));
        Assert.Equal(withFacts, !world.Store.Sessions().Any(session => session.HarnessSessionId == "one"));
    }

    public void Dispose()
    {
        world.Dispose();
        GC.SuppressFinalize(this);
    }

    private void AssertForgotten() => AssertForgotten(world);

    private protected static void AssertForgotten(KeepingWorld world)
    {
        var bytes = world.Unfolded();
        Assert.All(Words, word => Assert.DoesNotContain(word, bytes, StringComparison.Ordinal));
        Assert.Equal(0, world.Store.Count("forgetting"));
        Assert.Empty(world.Faults());
    }
}

public sealed class SqliteForgettingTests() : ForgettingTests(StoreKind.Sqlite);

public sealed class PostgresForgettingTests() : ForgettingTests(StoreKind.Postgres)
{
    [Fact]
    public async Task What_the_snapshot_of_another_transaction_still_sees_is_waited_for()
    {
        using var one = new KeepingWorld(StoreKind.Postgres, KeepingWorld.Conversations());
        await one.FillAsync();
        await using var other = new NpgsqlConnection(((PostgresTestStore)one.Store).ConnectionString);
        await other.OpenAsync();
        await using var watching = new NpgsqlConnection(other.ConnectionString);
        var transaction = await other.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await other.ExecuteScalarAsync<long>("SELECT count(*) FROM orgs");

        var forgetting = one.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, one.Store.Session("one").SessionId, withFacts: true));
        for (var i = 0; !forgetting.IsCompleted && await IsCompactingAgainAsync(watching) == 0; i++)
        {
            Assert.True(i < 1000, "It does not wait.");
            await other.ExecuteAsync("SELECT 1, pg_sleep(0.02)");
        }

        Assert.False(forgetting.IsCompleted);
        await transaction.CommitAsync();
        await forgetting;

        AssertForgotten(one);
    }

    private static Task<long> IsCompactingAgainAsync(NpgsqlConnection connection) => connection.ExecuteScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_sleep%'");
}
