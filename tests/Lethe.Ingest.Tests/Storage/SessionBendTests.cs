using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Conversations that go on from another's, and such as were summed up and begun anew.</summary>
public abstract class SessionBendTests(StoreKind kind)
{
    private static readonly Told[] Original =
    [
        new() { Number = 1, At = 1, Session = "s", Prompt = ["hi"], Reply = "hello" },
        new() { Number = 2, At = 2, Session = "s", Prompt = ["hi", "> hello", "more"], Reply = "yes" },
    ];

    [Fact]
    public void A_conversation_whose_first_prompt_holds_anothers_answer_is_forked_off_it()
    {
        var fork = new Told { Number = 3, At = 3, Session = "t", Prompt = ["hi", "> hello", "otherwise"], Reply = "no" };
        InEveryOrder([.. Original, fork], store =>
        {
            var found = Detail(store, "t").ForkedFrom!;
            Assert.Equal((store.Session("s").SessionId, "s", Original[0].Id.ToString(), 2, "inference:chain"), (found.SessionId, found.HarnessSessionId, found.ExchangeId, found.Messages, found.Evidence));
            Assert.Null(Detail(store, "s").ForkedFrom);
        });
    }

    [Fact]
    public void A_fork_of_the_whole_conversation_has_its_last_answer()
    {
        var fork = new Told { Number = 3, At = 3, Session = "t", Prompt = ["hi", "> hello", "more", "> yes", "on"], Reply = "no" };
        InEveryOrder([.. Original, fork], store => Assert.Equal((Original[1].Id.ToString(), 4), (Detail(store, "t").ForkedFrom!.ExchangeId, Detail(store, "t").ForkedFrom!.Messages)));
    }

    [Fact]
    public void A_conversation_that_goes_on_from_anothers_answer_by_its_id_is_forked_off_it()
    {
        Told[] told =
        [
            new() { Number = 1, At = 1, Session = "s", Endpoint = "responses", ResponseId = "resp_1", Prompt = ["hi"], Reply = "hello" },
            new() { Number = 2, At = 2, Session = "s", Endpoint = "responses", ResponseId = "resp_2", Continues = "resp_1", Prompt = ["more"], Reply = "yes" },
            new() { Number = 3, At = 3, Session = "t", Endpoint = "responses", ResponseId = "resp_3", Continues = "resp_2", Prompt = ["otherwise"], Reply = "no" },
        ];
        InEveryOrder(told, store => Assert.Equal(
            new ForkRecord(store.Session("s").SessionId, "s", told[1].Id.ToString(), 4, "inference:chain"), Detail(store, "t").ForkedFrom));
    }

    [Fact]
    public void Conversations_that_begin_alike_are_not_forks() => InEveryOrder(
        [.. Original, new Told { Number = 3, At = 3, Session = "t", Prompt = ["hi"], Reply = "hello" }, new Told { Number = 4, At = 4, Session = "t", Prompt = ["hi", "> hello", "more"], Reply = "yes" }],
        store => Assert.Null(Detail(store, "t").ForkedFrom));

    [Fact]
    public void Examples_that_a_prompt_brings_along_are_no_ones_answers() => InEveryOrder(
        [
            new Told { Number = 1, At = 1, Session = "s", Prompt = ["hi", "> hello", "one"], Reply = "a" },
            new Told { Number = 2, At = 2, Session = "t", Prompt = ["hi", "> hello", "two"], Reply = "b" },
        ],
        store => Assert.Null(Detail(store, "t").ForkedFrom));

    [Fact]
    public void What_the_harness_tells_of_a_fork_wins()
    {
        var fork = new Told { Number = 3, At = 3, Session = "t", ForkedFrom = "u", Prompt = ["hi", "> hello", "otherwise"], Reply = "no" };
        InEveryOrder([.. Original, fork, new Told { Number = 4, At = 4, Session = "v", ForkedFrom = "s", Prompt = ["hi", "> hello", "again"], Reply = "no" }], store =>
        {
            Assert.Equal(new ForkRecord(null, "u", null, null, "harness"), Detail(store, "t").ForkedFrom);
            Assert.Equal(new ForkRecord(store.Session("s").SessionId, "s", Original[0].Id.ToString(), 2, "harness"), Detail(store, "v").ForkedFrom);
        });
    }

    [Fact]
    public void A_forked_sub_agent_that_overlaps_its_parent_is_its_child_and_each_counts_its_own()
    {
        // It goes on from what its parent was told, and both talk at the same time.
        Told Agent(int number, double at, params string[] prompt) => new()
        {
            Number = number,
            At = at,
            Session = "s/a1",
            Thread = "a1",
            Parent = "s",
            ParentHarness = "claude-code",
            Seconds = 30,
            Prompt = ["hi", "> hello", "more", "> yes", .. prompt],
            Reply = $"part {number}",
        };
        Told[] told =
        [
            .. Original.Select(one => one with { Seconds = 1 }),
            Agent(3, 2.5, "task"),
            new() { Number = 4, At = 3, Session = "s", Seconds = 20, Prompt = ["hi", "> hello", "more", "> yes", "meanwhile"], Reply = "waiting" },
            Agent(5, 33, "task", "> part 3", "result"),
            new() { Number = 6, At = 40, Session = "s", Seconds = 1, Prompt = ["hi", "> hello", "more", "> yes", "meanwhile", "> waiting", "it is done"], Reply = "good" },
        ];
        InEveryOrder(told, store =>
        {
            var child = Detail(store, "s/a1");
            Assert.Equal(("s", "explicit"), (child.Session.Parent!.HarnessSessionId, child.Session.Parent.Resolution));
            Assert.Equal(("s", Original[1].Id.ToString()), (child.ForkedFrom!.HarnessSessionId, child.ForkedFrom.ExchangeId));
            Assert.Equal("s/a1", Assert.Single(Detail(store, "s").Children).HarnessSessionId);
            Assert.Equal((4, 2), (store.Session("s").Counters.Turns, child.Session.Counters.Turns));
            Assert.Equal((40, 20), (store.Session("s").Counters.Input, child.Session.Counters.Input));
            Assert.Empty(store.Faults());
        });
    }

    [Fact]
    public void A_compaction_joins_the_chain_before_it_and_the_one_after()
    {
        Told[] told =
        [
            .. Original,
            new() { Number = 3, At = 3, RequestKind = "compaction", Prompt = ["hi", "> hello", "more", "> yes", "sum up"], Reply = "a short attempt of a summary" },
            new() { Number = 4, At = 4, RequestKind = "compaction", Prompt = ["hi", "> hello", "more", "> yes", "sum up, long"], Reply = "notes\nwhat was asked and what was \"answered\"" },
            new() { Number = 5, At = 5, Prompt = ["going on from: what was asked and what was \"answered\"", "next"], Reply = "fine" },
        ];
        InEveryOrder(told, store =>
        {
            var edge = Assert.Single(Detail(store, "s").Compactions);
            var records = store.Records();
            Assert.Equal((told[3].Id.ToString(), told[1].Id.ToString(), told[4].Id.ToString()), (edge.ExchangeId, edge.BeforeExchangeId, edge.AfterExchangeId));
            Assert.Equal((records[1].Chain!.Leaf, records[4].Chain!.Root), (edge.BeforeLeaf, edge.AfterRoot));
            Assert.Equal((4, 2, "reply_in_prompt"), (edge.MessagesBefore, edge.MessagesAfter, edge.Evidence));
        });
    }

    private void InEveryOrder(Told[] told, Action<TestStore> check)
    {
        for (var order = 0; order < 3; order++)
        {
            using var store = TestStore.Open(kind);
            store.DeliverInBatches(order == 0 ? told : Hostile.Shuffle(told, order), order);
            check(store);
        }
    }

    private static SessionDetail Detail(TestStore store, string session) => store.Reader.Session(Organisation.None, store.Session(session).SessionId)!;
}

public sealed class SqliteSessionBendTests() : SessionBendTests(StoreKind.Sqlite);

public sealed class PostgresSessionBendTests() : SessionBendTests(StoreKind.Postgres);
