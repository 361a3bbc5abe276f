using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Calls of which somebody else's record tells, beside what a door has heard of the same.</summary>
public abstract class ImportedCallTests(StoreKind kind)
{
    private static readonly Told Heard = new() { Number = 1, At = 10, ResponseId = "msg_1", Prompt = ["hi", "> so", "and"], Reply = "one", Calls = ["c-1"] };
    private static readonly Told Retold = Import(2, 10.5, "msg_1", "a") with { Prompt = ["and"], Reply = "one", Calls = ["c-1"] };
    private static readonly Told RetoldAgain = Import(3, 10.2, "msg_1", "b") with { Reply = "one" };
    private static readonly Told Unheard = Import(4, 5, "msg_0", "c") with { Reply = "zero" };
    private static readonly Told Untold = new() { Number = 5, At = 20, ResponseId = "msg_2", Prompt = ["later"], Reply = "two" };

    [Fact]
    public void What_a_door_has_heard_counts_once_whichever_comes_first()
    {
        Told[] all = [Heard, Retold, RetoldAgain, Unheard, Untold];
        string? state = null;
        foreach (var order in Orders(all))
        {
            using var store = TestStore.Open(kind);
            store.Deliver([.. order.Take(2)]);
            store.Reopen();
            store.Deliver([.. order.Skip(2)]);

            var counters = store.Session("s").Counters;
            Assert.Equal((5, 3, 1, 30), (counters.Exchanges, counters.Turns, counters.ToolCalls, counters.Input));
            Assert.Equal(21, counters.CostNanoUsd);
            Assert.Empty(store.Faults());
            state ??= store.State();
            Assert.Equal(state, store.State());
            Assert.Equal(["zero", "one", "two"], store.Records().Where(record => record.Turn?.Seq is not null).OrderBy(record => record.Turn!.Seq).Select(record => record.Reply?.Text));
        }
    }

    [Fact]
    public void Of_two_records_that_tell_of_one_call_the_earlier_counts()
    {
        foreach (var order in (Told[][])[[Retold, RetoldAgain], [RetoldAgain, Retold]])
        {
            using var store = TestStore.Open(kind);
            store.Deliver(order);

            Assert.Equal((2, 1, 10), (store.Session("s").Counters.Exchanges, store.Session("s").Counters.Turns, store.Session("s").Counters.Input));
            Assert.Equal("01900000-0000-7000-8000-000000000003", Assert.Single(store.Records(), record => record.Turn?.Seq == 1).ExchangeId);
            Assert.Empty(store.Faults());
        }
    }

    [Fact]
    public void A_call_of_another_organisation_is_another()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Heard with { Org = "11111111-1111-4111-8111-111111111111" }, Retold);

        Assert.Equal(1, store.Session("s").Counters.Turns);
        Assert.Equal("import", Assert.Single(store.Records()).CaptureMode);
        var (ours, theirs) = (store.Reader.Known(Retold.Org, ["a", "x"], ["msg_1"]), store.Reader.Known("11111111-1111-4111-8111-111111111111", ["a", "x"], ["msg_1", "msg_2"]));
        Assert.Equal(["a"], ours.Keys);
        Assert.Empty(ours.AnswerIds);
        Assert.Equal(["msg_1"], theirs.AnswerIds);
        Assert.Empty(store.Reader.Known("22222222-1111-4111-8111-111111111111", ["a"], ["msg_1"]).AnswerIds);
    }

    [Fact]
    public void A_prompt_that_is_there_in_part_says_nothing_of_the_cache_but_what_was_read_of_it()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Import(1, 0, "msg_1", "a") with { CacheRead = 0, CacheWrite = 5000 }, Import(2, 1, "msg_2", "b") with { CacheRead = 5000 }, Import(3, 2, "msg_3", "c") with { CacheRead = 0 });

        Assert.Equal(["unknown", "hit", "unknown"], store.Records().Select(record => record.Cache?.Verdict));
    }

    private static Told Import(int number, double at, string answer, string key) =>
        new() { Number = number, At = at, ResponseId = answer, CommitKey = key, IsImport = true, Prompt = [$"asked {answer}"], Reply = answer };

    // Each comes first once, and last once, with the rest in both orders.
    private static IEnumerable<Told[]> Orders(Told[] all) =>
        Enumerable.Range(0, all.Length).SelectMany(i => (Told[][])[[.. all.Skip(i), .. all.Take(i)], [.. all.Skip(i).Concat(all.Take(i)).Reverse()]]);
}

public sealed class SqliteImportedCallTests() : ImportedCallTests(StoreKind.Sqlite);

public sealed class PostgresImportedCallTests() : ImportedCallTests(StoreKind.Postgres);
