using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What must hold whatever comes, in whatever order, however often.</summary>
public abstract class InvariantTests(StoreKind kind)
{
    private readonly int cases = kind == StoreKind.Postgres ? 8 : 25;

    [Fact]
    public void After_every_commit_counters_are_sums_chains_are_closed_and_placeholders_are_named() => Check((told, order) =>
    {
        using var store = TestStore.Open(kind);
        store.DeliverInBatches(Hostile.Shuffle(told, order), order, () => Assert.Empty(store.Faults()));
    });

    [Fact]
    public void The_workloads_meet_every_resolution_of_a_parent_retries_without_a_session_and_tool_calls_from_both_sides()
    {
        var met = new HashSet<string?>();
        for (var workload = 0; workload < 25; workload++)
        {
            using var some = TestStore.Open(kind);
            some.Deliver(Hostile.Tell([.. Enumerable.Range(workload * 24, 24)]));
            met.UnionWith(some.Met());
        }

        string[] all = ["explicit", "same_harness", "unique_other", "unresolved", "ambiguous", "refused",
            "placeholder", "promoted", "adopted", "turn lost to a retry", "third attempt", "both sides", "one side", "own words",
            "waits for an answer", "continued", "heard again", "heard first"];
        Assert.Empty(all.Except(met));
    }

    [Fact]
    public void Any_order_and_any_number_of_deliveries_give_the_same_state() => Check((told, order) =>
    {
        using var once = TestStore.Open(kind);
        once.Deliver(told);
        using var often = TestStore.Open(kind);
        often.DeliverInBatches(Hostile.Shuffle(told, order), order);
        using var backwards = TestStore.Open(kind);
        backwards.DeliverInBatches([.. told.Reverse()], order + 1);
        using var oneByOne = TestStore.Open(kind);
        foreach (var one in Hostile.Shuffle(told, order + 2))
        {
            oneByOne.Deliver(one);
        }

        var expected = once.State();
        Assert.Equal(expected, often.State());
        Assert.Equal(expected, backwards.State());
        Assert.Equal(expected, oneByOne.State());
    });

    [Fact]
    public void Outcomes_of_tools_are_the_same_when_all_of_a_history_is_looked_at() => Check((told, order) =>
    {
        using var newOnes = TestStore.Open(kind);
        newOnes.DeliverInBatches(Hostile.Shuffle(told, order), order);
        using var all = TestStore.Open(kind);
        all.DeliverInBatches([.. Hostile.Shuffle(told, order).Select(one => one with { PlacesAreTold = false })], order);

        Assert.Equal(all.State(), newOnes.State());
    });

    [Fact]
    public void What_was_forgotten_in_a_long_run_is_known_again_when_it_comes_back()
    {
        // More sessions than are remembered, and more exchanges than are prepared at once.
        var told = Hostile.Tell([.. Enumerable.Range(1, 3000)])
            .Select((one, i) => one with { Session = Among(one.Session, i % 1000), Parent = Among(one.Parent, i * 7 % 1000), RetryKey = Among(one.RetryKey, i % 200) })
            .ToArray();
        using var once = TestStore.Open(kind);
        once.Deliver(told);
        using var often = TestStore.Open(kind);
        foreach (var batch in Hostile.Shuffle(told, 7).Chunk(400))
        {
            Assert.DoesNotContain(DeliveryVerdict.Rejected, often.Deliver(batch).Select(result => result.Verdict));
        }

        Assert.True(once.Count("sessions") > 2048);
        Assert.Equal(once.State(), often.State());
        Assert.Empty(often.Faults());

        static string? Among(string? word, int number) => word is null ? null : word + number;
    }

    [Fact]
    public void Three_hundred_workloads_give_the_same_state_in_four_orders()
    {
        var told = Enumerable.Range(0, 300).SelectMany(workload => Hostile.Tell([.. Enumerable.Range(workload * 8, 8)]).Select(one => one.Apart(workload))).ToArray();
        string? expected = null;
        for (var order = 0; order < 4; order++)
        {
            using var store = TestStore.Open(kind);
            foreach (var batch in Hostile.Shuffle(told, order).Chunk(50 + (order * 100)))
            {
                store.Deliver(batch);
            }

            expected ??= store.State();
            Assert.Equal(expected, store.State());
            Assert.Empty(store.Faults());
        }
    }

    [Fact]
    public void Deliveries_that_cannot_be_stored_leave_the_others_as_if_they_had_come_alone() => Check((told, order) =>
    {
        using var alone = TestStore.Open(kind);
        alone.Deliver(told);
        using var store = TestStore.Open(kind);
        var (first, rest) = (told[..(told.Length / 2)], told[(told.Length / 2)..]);
        store.Deliver(first);

        var unstorable = first.Select(one => one with { CommitKey = "other", Content = "other", Session = "never", Parent = "never", Prompt = ["lost"], System = "lost" });
        store.DeliverInBatches(Hostile.Shuffle([.. rest, .. unstorable], order), order);

        Assert.Equal(alone.State(), store.State());
        Assert.Empty(store.Faults());
    });

    [Fact]
    public void Several_writers_of_one_store_give_the_state_that_one_gives()
    {
        var told = Hostile.Tell([.. Enumerable.Range(1, 300)]);
        using var alone = TestStore.Open(kind);
        alone.Deliver(told);
        var expected = alone.State();

        using var store = TestStore.Open(kind);
        var before = store.Deadlocks();
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, writer =>
        {
            using var own = store.OpenAnother();
            foreach (var batch in Hostile.Shuffle([.. told, .. told], writer).Chunk(20 + writer))
            {
                own.Commit([.. batch.Select(one => one.Delivery())]);
            }
        });

        Assert.Equal(before, store.Deadlocks());
        Assert.Equal(expected, store.State());
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void The_same_key_with_other_content_never_changes_anything() => Check((told, order) =>
    {
        using var store = TestStore.Open(kind);
        store.Deliver(told);
        var before = store.State();

        var forged = Hostile.Shuffle([.. told.Select(one => one with { Content = "forged", Reply = "z", Name = "forged", Cost = 1000, Session = "w", Parent = "s" })], order);
        Assert.All(store.Deliver(forged), result => Assert.Equal(DeliveryVerdict.Conflict, result.Verdict));

        Assert.Equal(before, store.State());
        using var atOnce = TestStore.Open(kind);
        atOnce.Deliver([.. told, .. forged]);
        Assert.Equal(before, atOnce.State());
    });

    [Fact]
    public void A_transaction_given_up_in_the_middle_leaves_nothing_and_can_be_made_again() => Check((told, order) =>
    {
        using var whole = TestStore.Open(kind);
        whole.Deliver(told);
        using var store = TestStore.Open(kind);
        var half = told.Length / 2;
        store.Deliver(told[..half]);
        var before = store.State();

        var deliveries = told.Select(one => one.Delivery()).ToList();
        deliveries.Add(new Told { Number = 999, Prompt = ["p"] }.Delivery().FailingWith(new IOException("the disk is gone")));
        Assert.Contains("the disk is gone", Record.Exception(() => store.Ingest.Commit(deliveries))!.ToString(), StringComparison.Ordinal);

        Assert.Equal(before, store.State());
        store.DeliverInBatches(Hostile.Shuffle(told, order), order);
        Assert.Equal(whole.State(), store.State());
    });

    private void Check(Action<Told[], int> holds) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(cases),
        Prop.ForAll(Hostile.Workloads, workload => holds(Hostile.Tell(workload.Seeds), workload.Order)));
}

public sealed class SqliteInvariantTests() : InvariantTests(StoreKind.Sqlite);

public sealed class PostgresInvariantTests() : InvariantTests(StoreKind.Postgres);
