using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Tests.Journaling;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>What is too old or too much goes, words first; the sums stay, and so does what is pinned.</summary>
public abstract class RetentionTests(StoreKind kind) : IDisposable
{
    private static readonly string[] Old = ["one", "child", "two"];

    private readonly KeepingWorld world = new(kind, KeepingWorld.Conversations());

    [Fact]
    public async Task What_was_said_too_long_ago_is_forgotten_and_that_it_happened_is_not()
    {
        await world.FillAsync();
        var counters = world.Counters();
        var young = world.StateBut("one", "child", "two", null!);

        await world.WithAsync(
            async keeping =>
            {
                await keeping.LookAsync();
                Assert.Equal((8L, 0L, 0L), (keeping.State.WordsExpired, keeping.State.RecordsRemoved, keeping.State.WordsErased));
                await keeping.LookAsync();
                Assert.Equal(8, keeping.State.WordsExpired);
            },
            new RetentionSettings { WordsAge = TimeSpan.FromDays(5) });

        Assert.Equal(counters, world.Counters());
        Assert.Equal(young, world.StateBut("one", "child", "two", null!));
        foreach (var record in world.Store.Records())
        {
            var isOld = record.Session is null || Old.Contains(record.Session.HarnessSessionId);
            Assert.Equal(isOld ? "expired" : "kept", record.Content);
            Assert.Equal(isOld, record.Reply?.Text is null);
            using var bodies = new JournalBodies(world.Journal);
            bodies.TryRead(world.Store.Reader.BodyAt(Organisation.None, record.ExchangeId)!.Value, out var state);
            Assert.Equal(isOld ? BodyState.Erased : BodyState.Kept, state);
        }

        Assert.Equal("one-name", world.Store.Session("one").Name);
        Assert.Empty(world.Faults());
    }

    [Fact]
    public async Task Records_go_after_their_words_and_leave_their_sums()
    {
        await world.FillAsync();
        var sums = Sums();

        await world.LookAsync(new RetentionSettings { WordsAge = TimeSpan.FromDays(3), RecordsAge = TimeSpan.FromDays(8) });

        Assert.Equal(["two", "three"], world.Store.Sessions().OrderBy(session => session.FirstSeenAt).Select(session => session.HarnessSessionId));
        Assert.Equal(sums, Sums());
        Assert.Empty(world.Faults());
        Assert.Equal(6, world.Store.Records().Count);
    }

    [Fact]
    public async Task A_session_that_goes_on_keeps_its_counters_when_its_first_turns_go()
    {
        var calls = KeepingWorld.Conversation(10, "one", day: 0).Concat(KeepingWorld.Conversation(20, "one", day: 9)).ToList();
        using var one = new KeepingWorld(kind, calls);
        await one.FillAsync();
        var counters = one.Counters();

        await one.LookAsync(new RetentionSettings { RecordsAge = TimeSpan.FromDays(5) });

        Assert.Equal(3, one.Store.Records().Count);
        Assert.Equal(counters, one.Counters());
        Assert.Empty(one.Faults());
        Assert.Equal([4, 5, 6], one.Store.Records().Select(record => record.Turn.Seq!.Value));
        one.Store.Deliver(KeepingWorld.Conversation(30, "one", day: 8).First());
        Assert.Empty(one.Store.Verifier.Verify());
    }

    [Fact]
    public async Task Who_counted_a_batchs_results_is_forgotten_with_its_record()
    {
        static Told Fetch(int number, int day, params string[] results) =>
            new() { Number = number, At = day * 86_400, Session = null, Endpoint = "batch_results", Prompt = [], Reply = null, Results = results };

        using var one = new KeepingWorld(kind, [Fetch(1, 0, "a", "b"), Fetch(2, 9, "a", "b", "c")]);
        await one.FillAsync();
        Assert.Equal([20, 10], one.Store.Records().Select(record => record.Usage!.InputTokens));
        Assert.Equal(3, one.Store.Count("responses"));

        await one.LookAsync(new RetentionSettings { RecordsAge = TimeSpan.FromDays(5) });

        Assert.Equal(1, one.Store.Count("responses"));
        one.Store.Deliver(Fetch(3, 8, "a", "c"));
        Assert.Equal([20, 0], one.Store.Records().Select(record => record.Usage!.InputTokens));
        Assert.Empty(one.Store.Verifier.Verify());
    }

    [Fact]
    public async Task What_a_session_counted_of_rows_that_are_gone_goes_with_it_into_the_session_that_it_turns_out_to_be()
    {
        using var one = new KeepingWorld(kind, [Kept(2, day: 0) with { Continues = "resp_1", Calls = ["call"] }, Kept(3, day: 9) with { Continues = "resp_2" }]);
        await one.FillAsync();
        await one.LookAsync(new RetentionSettings { RecordsAge = TimeSpan.FromDays(5) });
        var before = one.Store.Session("continues:resp_1", "sdk:openai").Counters;
        Assert.Equal((1, 2L, 1L, 14L), (one.Store.Records().Count, before.Exchanges, before.ToolCalls, before.CostNanoUsd));

        one.Store.Deliver(Kept(1, day: 0));

        var session = Assert.Single(one.Store.Sessions());
        Assert.Equal(("s-1", Told.Epoch.AddSeconds(1)), (session.HarnessSessionId, session.FirstSeenAt));
        Assert.Equal(
            (before.Exchanges + 1, before.Turns + 1, before.ToolCalls, before.CostNanoUsd + 7), (session.Counters.Exchanges, session.Counters.Turns, session.Counters.ToolCalls, session.Counters.CostNanoUsd));
        Assert.Equal([1, 3], one.Store.Records().Select(record => record.Turn.Seq!.Value));
        Assert.Empty(one.Store.Verifier.Verify());
    }

    [Fact]
    public async Task What_is_pinned_stays_with_all_below_it()
    {
        await world.FillAsync();
        await world.WithAsync(
            async keeping =>
            {
                Assert.True(await keeping.PinAsync(Organisation.None, world.Store.Session("one").SessionId, isPinned: true));
                Assert.False(await keeping.PinAsync(Organisation.None, Guid.NewGuid().ToString(), isPinned: true));
                Assert.Equal(KeepingWorld.Now, world.Store.Session("one").PinnedAt);
                await keeping.LookAsync();
                Assert.Equal(["child", "one", "one", "one"], Kept());
                await keeping.PinAsync(Organisation.None, world.Store.Session("one").SessionId, isPinned: false);
                await keeping.LookAsync();
                Assert.Empty(Kept());
            },
            new RetentionSettings { WordsAge = TimeSpan.FromDays(1) });
        Assert.Empty(world.Faults());
    }

    [Fact]
    public async Task A_data_directory_that_is_too_large_loses_its_oldest_words_first()
    {
        await world.FillAsync();
        var bytes = new DirectoryInfo(world.Directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

        await world.LookAsync(new RetentionSettings { BytesMax = bytes / 2 });

        var kept = Kept();
        Assert.InRange(kept.Count, 1, 10);
        Assert.Contains("three", kept);
        Assert.DoesNotContain("one", kept);
        Assert.Empty(world.Faults());

        await world.LookAsync(new RetentionSettings { BytesMax = 1 });
        await world.LookAsync(new RetentionSettings { BytesMax = 1 });
        Assert.Empty(Kept());
        // Rows go for the sake of the directory only where they are in it.
        Assert.Equal(kind == StoreKind.Sqlite ? 0 : 11, world.Store.Records().Count);
        Assert.Empty(world.Faults());
    }

    [Fact]
    public async Task What_left_the_journal_for_the_sake_of_room_leaves_the_store_too_though_there_is_room_now()
    {
        await world.FillAsync();
        world.Store.Refuse("BEFORE UPDATE ON exchanges");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => world.LookAsync(new RetentionSettings { BytesMax = 1 }));
        world.Store.Allow();
        Assert.Equal(11, Kept().Count);

        await world.LookAsync(new RetentionSettings { BytesMax = long.MaxValue });

        Assert.Empty(Kept());
        Assert.Empty(world.Faults());
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(3, 8)]
    public async Task A_disk_that_fails_at_any_step_is_no_loss_and_the_next_start_goes_on(int wordsDays, int recordsDays)
    {
        var settings = new RetentionSettings { WordsAge = TimeSpan.FromDays(wordsDays), RecordsAge = TimeSpan.FromDays(recordsDays) };
        await world.FillAsync();
        await world.LookAsync(settings);
        var expected = world.Store.State();
        var isThrough = false;
        // Three steps fail at a time, so every step is among those that do.
        for (var step = 0; !isThrough; step += 2)
        {
            Assert.True(step < 200, "The steps have no end.");
            using var one = new KeepingWorld(kind, KeepingWorld.Conversations());
            await one.FillAsync();
            var disk = new FaultyDisk();
            var broken = one.OpenJournal(disk.Disk);
            var keeping = one.Keep(broken, settings);
            (disk.FailsFrom, disk.FailsTo) = (disk.Steps + step, disk.Steps + step + 3);
            var failed = await Record.ExceptionAsync(keeping.LookAsync);
            Assert.True(failed is null or StoreUnavailableException, failed?.ToString());
            isThrough = failed is null && disk.Steps < disk.FailsFrom;
            disk.Heal();
            await keeping.DisposeAsync();
            await broken.DisposeAsync();
            Assert.Empty(one.Faults());

            await one.LookAsync(settings);

            Assert.Equal(expected, one.Store.State());
            Assert.Empty(one.Faults());
        }
    }

    public void Dispose()
    {
        world.Dispose();
        GC.SuppressFinalize(this);
    }

    // An answer that the vendor keeps under an id.
    private static Told Kept(int number, int day) => new()
    {
        Number = number,
        At = (day * 86_400) + number,
        Endpoint = "responses",
        Harness = "sdk:openai",
        Session = $"s-{number}",
        IsSynthetic = true,
        ResponseId = $"resp_{number}",
        Prompt = [$"question {number}"],
        Reply = $"answer {number}",
    };

    private List<string?> Kept() => [.. world.Store.Records().Where(record => record.Content == "kept").Select(record => record.Session?.HarnessSessionId).Order(StringComparer.Ordinal)];

    private (long Exchanges, long Cost, long Output, long Tools) Sums()
    {
        var archived = world.Store.Archived<(long Exchanges, long Cost, long Output, long Tools)>(
            string.Join(", ", ((string[])["exchanges", "cost_nano_usd", "output", "tool_calls"]).Select(column => $"CAST(coalesce(sum({column}), 0) AS bigint)")));
        var sessions = world.Store.Sessions();
        var alone = world.Store.Records().Where(record => record.Session is null).ToList();
        return (
            archived.Exchanges + sessions.Sum(session => session.Counters.Exchanges) + alone.Count,
            archived.Cost + sessions.Sum(session => session.Counters.CostNanoUsd) + alone.Sum(record => record.CostNanoUsd ?? 0),
            archived.Output + sessions.Sum(session => session.Counters.Output) + alone.Sum(record => record.Usage?.OutputTokens ?? 0),
            archived.Tools + sessions.Sum(session => session.Counters.ToolCalls));
    }
}

public sealed class SqliteRetentionTests() : RetentionTests(StoreKind.Sqlite);

public sealed class PostgresRetentionTests() : RetentionTests(StoreKind.Postgres);
