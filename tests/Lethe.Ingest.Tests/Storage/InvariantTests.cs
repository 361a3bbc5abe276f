using FsCheck;
using FsCheck.Fluent;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;

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
        foreach (var batch in Hostile.Shuffle(told, order).Chunk(4))
        {
            store.Deliver(batch);
            Assert.Empty(verifier.Verify());
        }
    });

    [Fact]
    public void Any_order_and_any_number_of_deliveries_give_the_same_state() => Check((told, order) =>
    {
        using var once = TestStore.Open();
        once.Deliver(told);
        using var often = TestStore.Open();
        often.DeliverInBatches(Hostile.Shuffle(told, order), order);
        using var backwards = TestStore.Open();
        backwards.DeliverInBatches([.. told.Reverse()], order + 1);

        var expected = StoreState.Of(once);
        Assert.Equal(expected, StoreState.Of(often));
        Assert.Equal(expected, StoreState.Of(backwards));
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
