using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What an administrator sets right: a session that goes over into another for good, and an exchange that goes to the session it belongs to.</summary>
public abstract class CorrectionTests(StoreKind kind)
{
    private readonly int cases = kind == StoreKind.Postgres ? 6 : 25;

    [Fact]
    public void A_merged_session_is_the_other_for_good_with_its_turns_children_and_whatever_comes_later_under_its_key()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, At = 1, Harness = "cursor", Session = "old", Prompt = ["one"], Calls = ["c"], Name = "first", Subject = "ann", ParentHarness = "claude-code", Parent = "root" },
            new Told { Number = 2, At = 2, Harness = "claude-code", Session = "new", Prompt = ["one", "> hello", "two"], Answers = ["c"], Name = "second" },
            new Told { Number = 3, At = 3, Harness = "codex", Session = "child", ParentHarness = "cursor", Parent = "old" },
            new Told { Number = 4, At = 4, Harness = "codex", Session = "legacy", Parent = "old" });
        var (old, kept) = (store.Session("old", "cursor"), store.Session("new"));

        Assert.Equal([DeliveryVerdict.Accepted], store.Deliver(Merge(10, "cursor", "old", "claude-code", "new")).Select(result => result.Verdict));

        Assert.Empty(store.Faults());
        Assert.DoesNotContain("old", store.Sessions().Select(session => session.HarnessSessionId));
        var merged = store.Reader.Session(Organisation.None, "new")!;
        Assert.Equal((2L, 2L, 1L, 20L, 14L), (merged.Session.Counters.Turns, merged.Session.Counters.Exchanges, merged.Session.Counters.ToolCalls, merged.Session.Counters.Input, merged.Session.Counters.CostNanoUsd));
        Assert.Equal((old.FirstSeenAt, kept.LastSeenAt, "second", "ann"), (merged.Session.FirstSeenAt, merged.Session.LastSeenAt, merged.Session.Name, merged.Session.AuthSubject));
        Assert.Equal(("root", "explicit"), (merged.Session.Parent!.HarnessSessionId, merged.Session.Parent.Resolution));
        Assert.Equal([new SessionAlias("cursor", "old")], merged.Aliases);
        Assert.Equal(["child", "legacy"], merged.Children.Select(child => child.HarnessSessionId));
        Assert.All((string[])["old", old.SessionId, kept.SessionId], word => Assert.Equal(kept.SessionId, store.Reader.Session(Organisation.None, word)!.Session.SessionId));
        Assert.Equal([1L, 2L], store.Records().Where(record => record.Session?.Id == kept.SessionId).Select(record => (long)record.Turn!.Seq!));

        var later = store.Deliver(
            new Told { Number = 5, At = 5, Harness = "cursor", Session = "old", Prompt = ["three"], Name = "third" },
            new Told { Number = 6, At = 6, Harness = "codex", Session = "late child", ParentHarness = "cursor", Parent = "old" });
        Assert.Equal(kept.SessionId, later[0].SessionId);
        merged = store.Reader.Session(Organisation.None, "new")!;
        Assert.Equal((3L, "third"), (merged.Session.Counters.Turns, merged.Session.Name));
        Assert.Contains("late child", merged.Children.Select(child => child.HarnessSessionId));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void A_session_merged_into_one_that_is_merged_itself_is_the_last_one_and_a_key_keeps_its_first_meaning()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. ((string[])["a", "b", "c"]).Select((session, i) => new Told { Number = i + 1, At = i, Session = session, Prompt = [session] })]);
        store.Deliver(
            Merge(10, "claude-code", "a", "claude-code", "b"), Merge(11, "claude-code", "b", "claude-code", "c"), Merge(12, "claude-code", "c", "claude-code", "a"),
            Merge(13, "claude-code", "a", "claude-code", "never"));

        var all = store.Reader.Session(Organisation.None, "a")!;
        Assert.Equal(("c", 3L), (all.Session.HarnessSessionId, all.Session.Counters.Turns));
        Assert.Equal(["a", "b"], all.Aliases.Select(alias => alias.HarnessSessionId));
        Assert.Null(store.Reader.Session(Organisation.None, "never"));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void A_parent_that_is_merged_into_its_child_is_refused_as_a_parent_and_a_circle_through_it_is_undone()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, At = 1, Session = "child", ParentHarness = "claude-code", Parent = "parent" },
            new Told { Number = 2, At = 2, Session = "parent", ParentHarness = "claude-code", Parent = "child" });
        Assert.Equal("refused", store.Session("parent").Parent!.Resolution);

        store.Deliver(Merge(10, "claude-code", "parent", "claude-code", "child"));

        Assert.Equal(("refused", (string?)null, 2L), (store.Session("child").Parent!.Resolution, store.Session("child").ParentSessionId, store.Session("child").Counters.Turns));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void A_merge_gives_the_same_state_before_between_and_after_what_it_is_about() => Check((told, order) =>
    {
        var merge = Merge(900, "a", "s", "b", "t");
        using var last = TestStore.Open(kind);
        last.Deliver([.. told, merge]);
        using var first = TestStore.Open(kind);
        first.Deliver([merge, .. told]);
        using var anywhere = TestStore.Open(kind);
        anywhere.DeliverInBatches(Hostile.Shuffle([.. told, merge], order), order, () => Assert.Empty(anywhere.Faults()));

        Assert.Empty(last.Faults());
        Assert.Empty(first.Faults());
        Assert.Equal(last.State(), first.State());
        Assert.Equal(last.State(), anywhere.State());
    });

    [Fact]
    public void An_exchange_goes_to_the_session_it_belongs_to_with_both_counters_its_messages_and_its_tools_at_once()
    {
        using var store = TestStore.Open(kind);
        Told[] told =
        [
            new() { Number = 1, At = 1, Session = "wrong", Prompt = ["one"] },
            new() { Number = 2, At = 2, Session = "wrong", Prompt = ["one", "> hello", "two"], Calls = ["c"], Input = 1000, Cost = 70 },
            new() { Number = 3, At = 3, Session = "right", Prompt = ["else"] },
        ];
        store.Deliver(told);
        store.Deliver(Move(10, told[1], "right"));

        Assert.Empty(store.Faults());
        var (wrong, right) = (store.Session("wrong").Counters, store.Session("right").Counters);
        Assert.Equal((1L, 10L, 7L, 0L, 2L), (wrong.Turns, wrong.Input, wrong.CostNanoUsd, wrong.ToolCalls, wrong.Nodes));
        Assert.Equal((2L, 1010L, 77L, 1L, 6L), (right.Turns, right.Input, right.CostNanoUsd, right.ToolCalls, right.Nodes));
        Assert.Equal(Told.Epoch.AddSeconds(1), store.Session("wrong").LastSeenAt);
        Assert.Equal(Told.Epoch.AddSeconds(2), store.Session("right").FirstSeenAt);
        Assert.Equal([("wrong", 1), ("right", 1), ("right", 2)], store.Records().Where(record => record.Session is not null).Select(record => (record.Session!.HarnessSessionId, (int)record.Turn!.Seq!)));

        // Nothing of it is counted again, and the first word on it is still known.
        Assert.All(store.Deliver([.. told, Move(10, told[1], "right")]), result => Assert.Equal(DeliveryVerdict.Duplicate, result.Verdict));
        Assert.Equal(right, store.Session("right").Counters);
        Assert.Equal(4, store.Records().Count);
    }

    [Fact]
    public void A_session_that_loses_its_last_exchange_is_gone_unless_others_name_it()
    {
        using var store = TestStore.Open(kind);
        var told = new Told { Number = 1, Session = "wrong", Name = "its words", ParentHarness = "claude-code", Parent = "root", Prompt = ["one"], Calls = ["c"], Answers = ["d"] };
        store.Deliver(told, new Told { Number = 2, Session = "named", Prompt = ["two"] }, new Told { Number = 3, Session = "child", ParentHarness = "claude-code", Parent = "named" });
        Assert.All(store.Deliver(Move(10, told, "right"), Move(11, new Told { Number = 2 }, "right"), Move(12, new Told { Number = 77 }, "right")), result => Assert.Equal((DeliveryVerdict.Accepted, ""), (result.Verdict, string.Join(",", store.Letters().Select(letter => letter.Message)))));

        Assert.Empty(store.Faults());
        Assert.Equal(["child", "named", "right"], store.Sessions().Select(session => session.HarnessSessionId).Order());
        Assert.True(store.Session("named").IsPlaceholder);
        Assert.Equal((2L, 1L), (store.Session("right").Counters.Turns, store.Session("right").Counters.ToolCalls));
    }

    [Fact]
    public void Whatever_exchanges_are_moved_counters_stay_sums_and_chains_closed() => Check((told, order) =>
    {
        var random = new Random(order);
        using var store = TestStore.Open(kind);
        store.Deliver(told);
        var moves = told.Where(one => one.Org == Organisation.None).Select((one, i) => Move(800 + i, one, ((string[])["s", "t", "x"])[random.Next(3)], ((string[])["a", "b"])[random.Next(2)])).ToArray();
        random.Shuffle(moves);
        foreach (var some in moves.Chunk(3))
        {
            Assert.All(store.Deliver(some), result => Assert.True(result.Verdict == DeliveryVerdict.Accepted, string.Join(", ", store.Letters().Select(letter => letter.Message))));
            Assert.Empty(store.Faults());
        }

        store.Deliver(told);
        Assert.Empty(store.Faults());
    });

    private static Told Merge(int number, string fromHarness, string from, string intoHarness, string into) => new()
    {
        Number = number,
        At = number,
        Content = $"{from} into {into}",
        Correction = new Correction { From = new CorrectedKey(fromHarness, from), Into = new CorrectedKey(intoHarness, into), By = "ann" },
    };

    private static Told Move(int number, Told moved, string into, string harness = "claude-code") => new()
    {
        Number = number,
        At = number,
        Correction = new Correction
        {
            ExchangeId = moved.Id.Value,
            CapturedAt = Microseconds.Of(moved.Exchange().CapturedAt),
            Into = new CorrectedKey(harness, into),
        },
    };

    private void Check(Action<Told[], int> holds) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(cases),
        Prop.ForAll(Hostile.Workloads, workload => holds(Hostile.Tell(workload.Seeds), workload.Order)));
}

public sealed class SqliteCorrectionTests() : CorrectionTests(StoreKind.Sqlite);

public sealed class PostgresCorrectionTests() : CorrectionTests(StoreKind.Postgres);
