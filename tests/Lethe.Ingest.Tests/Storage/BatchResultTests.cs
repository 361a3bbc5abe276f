namespace Lethe.Ingest.Tests.Storage;

/// <summary>Results of batches, which clients fetch as often as they like: each is counted once, whichever fetch comes first into the store.</summary>
public abstract class BatchResultTests(StoreKind kind)
{
    [Fact]
    public void A_batchs_results_that_are_fetched_twice_count_once()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Fetch(1, "a", "b"));
        store.Deliver(Fetch(2, "a", "b"));

        Assert.Equal([(20, 6, 14), (0, 0, 0)], Counted(store));
        Assert.Equal((2, 0, 20, 6, 14), Sums(store));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void What_a_fetch_brings_that_an_earlier_one_had_not_is_counted_with_it()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Fetch(1, "a", "b") with { Outcome = Capture.Outcome.ClientAborted }, Fetch(2, "a", "b", "c"), Fetch(3, "c", "a"));

        Assert.Equal([(20, 6, 14), (10, 3, 7), (0, 0, 0)], Counted(store));
        Assert.Equal((3, 1, 30, 9, 21), Sums(store));
        Assert.All(store.Records(), record => Assert.Equal(("other", null), (record.Operation, record.Reply)));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void In_whatever_order_fetches_come_the_first_by_capture_counts()
    {
        Told[] fetches = [Fetch(1, "a", "b"), Fetch(2, "b", "c", "d"), Fetch(3, "d", "a", "e"), Fetch(4, "f")];
        using var inOrder = TestStore.Open(kind);
        inOrder.Deliver(fetches);
        foreach (var order in (int[][])[[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]])
        {
            using var store = TestStore.Open(kind);
            foreach (var next in order)
            {
                store.Deliver(fetches[next]);
                Assert.Empty(store.Faults());
            }

            Assert.Equal(inOrder.State(), store.State());
        }

        Assert.Equal([(20, 6, 14), (20, 6, 14), (10, 3, 7), (10, 3, 7)], Counted(inOrder));
    }

    [Fact]
    public void In_a_session_they_count_there_once_and_another_organisations_count_for_it()
    {
        const string Other = "11111111-1111-4111-8111-111111111111";
        using var store = TestStore.Open(kind);
        store.Deliver(Fetch(2, "a", "b") with { Session = "s" });
        store.Deliver(Fetch(3, "a") with { Session = "s", Org = Other });
        store.Deliver(Fetch(1, "a") with { Session = "s" });

        var counters = store.Session("s").Counters;
        Assert.Equal((2, 0, 20, 6, 14), (counters.Exchanges, counters.Turns, counters.Input, counters.Output, counters.CostNanoUsd));
        Assert.Equal(3, Assert.Single(store.Reader.Sessions(Other, new Reading.SessionFilter())).Counters.Output);
        Assert.Empty(store.Faults());
    }

    private static Told Fetch(int number, params string[] results) => new()
    {
        Number = number,
        At = number,
        Session = null,
        Endpoint = "batch_results",
        Prompt = [],
        Reply = null,
        Results = results,
    };

    private static IEnumerable<(long?, long?, long?)> Counted(TestStore store) =>
        store.Records().Select(record => (record.Usage?.InputTokens, record.Usage?.OutputTokens, record.CostNanoUsd));

    private static (long, long, long, long, long) Sums(TestStore store)
    {
        var figures = Reading.Figures.Sum("", store.Reader.Figures(Capture.Exchanges.Organisation.None, new Reading.FigureFilter()));
        return (figures.Exchanges, figures.Attempts, figures.Input, figures.Output, figures.CostNanoUsd);
    }
}

public sealed class SqliteBatchResultTests() : BatchResultTests(StoreKind.Sqlite);

public sealed class PostgresBatchResultTests() : BatchResultTests(StoreKind.Postgres);
