using Dapper;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What must hold whatever comes, in whatever order, however often.</summary>
public sealed class InvariantTests
{
    private const int Cases = 40;

    [Fact]
    public void After_every_commit_counters_are_sums_chains_are_closed_and_placeholders_are_named() => Check((told, order) =>
    {
        using var store = TestStore.Open();
        var verifier = new StoreVerifier(store.File);
        store.DeliverInBatches(Hostile.Shuffle(told, order), order, () => Assert.Empty(verifier.Verify()));
    });

    [Fact]
    public void The_workloads_meet_every_resolution_of_a_parent_retries_without_a_session_and_tool_calls_from_both_sides()
    {
        var met = new HashSet<string?>();
        for (var workload = 0; workload < 40; workload++)
        {
            using var some = TestStore.Open();
            some.Deliver(Hostile.Tell([.. Enumerable.Range(workload * 24, 24)]));
            met.UnionWith(some.Connection.Query<string?>(
                """
                SELECT parent_resolution FROM sessions
                UNION SELECT 'placeholder' FROM sessions WHERE is_placeholder = 1
                UNION SELECT 'promoted' FROM sessions s JOIN sessions c ON c.claimed_parent = s.session WHERE s.is_placeholder = 0 AND s.first_seen_at > c.first_seen_at
                UNION SELECT 'adopted' FROM exchanges WHERE own_session IS NULL AND session IS NOT NULL
                UNION SELECT 'turn lost to a retry' FROM exchanges WHERE has_reply = 1 AND is_turn = 0
                UNION SELECT 'third attempt' FROM exchanges WHERE attempt = 3
                UNION SELECT 'both sides' FROM tool_calls WHERE asked_by IS NOT NULL AND answered_by IS NOT NULL
                UNION SELECT 'one side' FROM tool_calls WHERE asked_by IS NULL
                """));
        }

        string[] all = ["explicit", "same_harness", "unique_other", "unresolved", "ambiguous", "refused",
            "placeholder", "promoted", "adopted", "turn lost to a retry", "third attempt", "both sides", "one side"];
        Assert.Empty(all.Except(met));
    }

    [Fact]
    public void Any_order_and_any_number_of_deliveries_give_the_same_state() => Check((told, order) =>
    {
        using var once = TestStore.Open();
        once.Deliver(told);
        using var often = TestStore.Open();
        often.DeliverInBatches(Hostile.Shuffle(told, order), order);
        using var backwards = TestStore.Open();
        backwards.DeliverInBatches([.. told.Reverse()], order + 1);
        using var oneByOne = TestStore.Open();
        foreach (var one in Hostile.Shuffle(told, order + 2))
        {
            oneByOne.Deliver(one);
        }

        var expected = StoreState.Of(once);
        Assert.Equal(expected, StoreState.Of(often));
        Assert.Equal(expected, StoreState.Of(backwards));
        Assert.Equal(expected, StoreState.Of(oneByOne));
    });

    [Fact]
    public void What_was_forgotten_in_a_long_run_is_known_again_when_it_comes_back()
    {
        // More sessions than are remembered, and more exchanges than are prepared at once.
        var told = Hostile.Tell([.. Enumerable.Range(1, 3000)])
            .Select((one, i) => one with { Session = Among(one.Session, i % 1000), Parent = Among(one.Parent, i * 7 % 1000), RetryKey = Among(one.RetryKey, i % 200) })
            .ToArray();
        using var once = TestStore.Open();
        once.Deliver(told);
        using var often = TestStore.Open();
        foreach (var batch in Hostile.Shuffle(told, 7).Chunk(400))
        {
            often.Deliver(batch);
        }

        Assert.True(once.Value<long>("SELECT count(*) FROM sessions") > 2048);
        Assert.Equal(StoreState.Of(once), StoreState.Of(often));
        Assert.Empty(new StoreVerifier(often.File).Verify());

        static string? Among(string? word, int number) => word is null ? null : word + number;
    }

    [Fact]
    public void Deliveries_that_cannot_be_stored_leave_the_others_as_if_they_had_come_alone() => Check((told, order) =>
    {
        using var alone = TestStore.Open();
        alone.Deliver(told);
        using var store = TestStore.Open();
        var (first, rest) = (told[..(told.Length / 2)], told[(told.Length / 2)..]);
        store.Deliver(first);

        var unstorable = first.Select(one => one with { CommitKey = "other", Content = "other", Session = "never", Parent = "never", Prompt = ["lost"], System = "lost" });
        store.DeliverInBatches(Hostile.Shuffle([.. rest, .. unstorable], order), order);

        Assert.Equal(StoreState.Of(alone), StoreState.Of(store));
        Assert.Empty(new StoreVerifier(store.File).Verify());
    });

    [Fact]
    public async Task Two_writers_of_one_file_give_the_state_that_one_gives()
    {
        var told = Hostile.Tell([.. Enumerable.Range(1, 150)]);
        using var alone = TestStore.Open();
        alone.Deliver(told);

        using var first = TestStore.Open();
        using var second = await LetheDatabase.OpenAsync(first.File, TimeProvider.System);
        using var other = new IngestTransaction(second, TimeProvider.System);
        Parallel.Invoke(
            () => first.DeliverInBatches(Hostile.Shuffle(told, 1), 1),
            () =>
            {
                foreach (var batch in Hostile.Shuffle(told, 2).Chunk(3))
                {
                    other.Commit([.. batch.Select(one => one.Delivery())]);
                }
            });

        Assert.Equal(StoreState.Of(alone), StoreState.Of(first));
        Assert.Empty(new StoreVerifier(first.File).Verify());
    }

    [Fact]
    public void The_same_key_with_other_content_never_changes_anything() => Check((told, order) =>
    {
        using var store = TestStore.Open();
        store.Deliver(told);
        var before = StoreState.Of(store);

        var forged = Hostile.Shuffle([.. told.Select(one => one with { Content = "forged", Reply = "z", Name = "forged", Cost = 1000, Session = "w", Parent = "s" })], order);
        Assert.All(store.Deliver(forged), result => Assert.Equal(DeliveryVerdict.Conflict, result.Verdict));

        Assert.Equal(before, StoreState.Of(store));
        using var atOnce = TestStore.Open();
        atOnce.Deliver([.. told, .. forged]);
        Assert.Equal(before, StoreState.Of(atOnce));
    });

    [Fact]
    public void A_transaction_given_up_in_the_middle_leaves_nothing_and_can_be_made_again() => Check((told, order) =>
    {
        using var whole = TestStore.Open();
        whole.Deliver(told);
        using var store = TestStore.Open();
        var half = told.Length / 2;
        store.Deliver(told[..half]);
        var before = StoreState.Of(store);

        var deliveries = told.Select(one => one.Delivery()).ToList();
        deliveries.Add(new Told { Number = 999, Prompt = ["p"] }.Delivery().FailingWith(new IOException("the disk is gone")));
        Assert.Throws<IOException>(() => store.Ingest.Commit(deliveries));

        Assert.Equal(before, StoreState.Of(store));
        store.DeliverInBatches(Hostile.Shuffle(told, order), order);
        Assert.Equal(StoreState.Of(whole), StoreState.Of(store));
    });

    private static void Check(Action<Told[], int> holds) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Cases),
        Prop.ForAll(Hostile.Workloads, workload => holds(Hostile.Tell(workload.Seeds), workload.Order)));
}
