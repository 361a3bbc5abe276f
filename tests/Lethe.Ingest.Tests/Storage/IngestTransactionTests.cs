using Dapper;
using Lethe.Capture;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Tests.Storage;

public sealed class IngestTransactionTests
{
    [Fact]
    public void A_turn_becomes_a_record_that_says_everything()
    {
        using var store = TestStore.Open();
        var result = Assert.Single(store.Deliver(new Told { Number = 1, Prompt = ["hi"], Reply = "hello", System = "be kind", Name = "greeting" }));

        Assert.Equal(DeliveryVerdict.Accepted, result.Verdict);
        var record = Assert.Single(store.Reader.Exchanges(new ExchangeFilter()));
        Assert.Equal("01900000-0000-7000-8000-000000000001", record.ExchangeId);
        Assert.Equal("2026-03-01T12:00:00.000000Z", record.CapturedAt);
        Assert.Equal(("forwarding", "POST", "/v1/messages", "anthropic", "chat", 200), (record.Door, record.Method, record.Path, record.Provider, record.Operation, record.Status));
        Assert.Equal((110L, 100L, null, 3L), (record.Usage!.InputTokens, record.Usage.CacheReadTokens, record.Usage.CacheWriteTokens, record.Usage.OutputTokens));
        Assert.Equal((7L, "test 1"), (record.CostNanoUsd, record.PriceBook));
        Assert.Equal("hello", record.Reply!.Text);
        Assert.Equal(new TurnRecord(1, 1, null), record.Turn);
        Assert.Equal(2, record.Chain!.Length);
        Assert.NotNull(record.Chain.System);
        Assert.Equal(result.SessionId, record.Session!.Id);
        Assert.False(record.Replayed);
    }

    [Fact]
    public void What_was_said_is_stored_whole_whatever_its_length_and_whatever_was_stored_before_it()
    {
        int[] lengths = [5000, 1, 129, 128, 127, 64, 65, 33, 32, 31, 1, 200];
        string[] letters = ["a", "é", "😀", "\0"];
        var replies = lengths.SelectMany(length => letters.Select(letter => string.Concat(Enumerable.Repeat(letter, length)))).ToArray();
        using var store = TestStore.Open();
        var told = replies.Select((reply, i) => new Told { Number = i + 1, At = i, Reply = reply, Name = reply, CommitKey = $"{i} {reply}" }).ToArray();
        store.Deliver(told);

        Assert.Equal(replies, store.Connection.Query<string>("SELECT reply_text FROM exchanges ORDER BY ingested"));
        Assert.Equal(told.Select(one => one.CommitKey), store.Connection.Query<string>("SELECT commit_key FROM exchanges ORDER BY ingested"));
        var said = told.SelectMany(one => one.Delivery().Told.Chain!.Nodes).DistinctBy(node => node.Hash).ToDictionary(node => node.Hash.ToString(), node => node.Body.ToArray());
        Assert.Equal(said, store.Connection.Query<(byte[] Hash, byte[] Body)>("SELECT hash, body FROM nodes").ToDictionary(row => Convert.ToHexStringLower(row.Hash), row => row.Body));
        Assert.Equal(replies[^1], store.Session("s").Name);
    }

    [Fact]
    public void A_delivery_that_comes_again_is_counted_once_and_changes_nothing_else()
    {
        using var store = TestStore.Open();
        var first = new Told { Number = 1, Name = "one", Subject = "ann" };
        store.Deliver(first, new Told { Number = 2, At = 5, Name = "two" });

        Assert.Equal(DeliveryVerdict.Duplicate, Assert.Single(store.Deliver(first)).Verdict);

        var session = store.Session("s");
        Assert.Equal((2, "two", "ann"), (session.Counters.Turns, session.Name, session.AuthSubject));
        Assert.Equal(Told.Epoch.AddSeconds(5), session.LastSeenAt);
        Assert.Equal([true, false], store.Reader.Exchanges(new ExchangeFilter()).Select(record => record.Replayed));
    }

    [Fact]
    public void A_commit_key_with_other_content_is_a_conflict_and_overwrites_nothing()
    {
        using var store = TestStore.Open();
        store.Deliver(new Told { Number = 1, Reply = "true" });

        var result = Assert.Single(store.Deliver(new Told { Number = 1, Reply = "false", Content = "other" }));

        Assert.Equal((DeliveryVerdict.Conflict, "idempotency_conflict"), (result.Verdict, result.Code));
        Assert.Equal("true", Assert.Single(store.Reader.Exchanges(new ExchangeFilter())).Reply!.Text);
        Assert.Equal("idempotency_conflict", store.Value<string>("SELECT code FROM dead_letters"));
    }

    [Fact]
    public void Conversations_that_share_beginnings_and_part_are_one_tree_however_they_come()
    {
        string[][] prompts = [["a"], ["a", "hello", "b"], ["a", "hello", "c"], ["a", "x"], ["z"], ["a", "hello", "b", "hello", "d"], ["z", "hello", "b"]];
        var told = prompts.Select((prompt, i) => new Told { Number = i + 1, At = i, Session = $"s{i % 3}", Prompt = prompt, Reply = i == 3 ? "y" : "hello" }).ToArray();
        using var store = TestStore.Open();
        store.Deliver([told[1], told[4]]);
        using var withoutMemory = new IngestTransaction(store.Connection, TimeProvider.System);
        withoutMemory.Commit([.. told.Select(one => one.Delivery())]);

        var said = told.SelectMany(one => one.Delivery().Told.Chain!.Nodes).DistinctBy(node => node.Hash).ToList();
        Assert.Equal(said.Count, store.Value<long>("SELECT count(*) FROM nodes"));
        foreach (var node in said)
        {
            var parent = store.Connection.QuerySingle<byte[]?>(
                "SELECT p.hash FROM nodes n LEFT JOIN nodes p ON p.node = n.parent WHERE n.hash = @hash AND n.depth = @Depth", new { hash = node.Hash.ToArray(), node.Depth });
            Assert.Equal(node.Parent?.ToArray(), parent);
        }

        foreach (var record in store.Reader.Exchanges(new ExchangeFilter()))
        {
            var chain = told.Single(one => one.Delivery().Told.Exchange.Id.ToString() == record.ExchangeId).Delivery().Told.Chain!;
            Assert.Equal((chain.Root.ToString(), chain.Leaf.ToString(), chain.Nodes.Count), (record.Chain!.Root, record.Chain.Leaf, record.Chain.Length));
        }
    }

    [Fact]
    public void The_same_words_in_two_sessions_are_two_turns()
    {
        using var store = TestStore.Open();
        store.Deliver(new Told { Number = 1, Session = "a" }, new Told { Number = 2, Session = "b" }, new Told { Number = 3, Session = "b", At = 9 });

        Assert.Equal(1, store.Session("a").Counters.Turns);
        Assert.Equal(2, store.Session("b").Counters.Turns);
        Assert.Equal((2L, 2L), (store.Session("a").Counters.Nodes, store.Session("b").Counters.Nodes));
        Assert.Equal(2, store.Value<long>("SELECT count(*) FROM nodes"));
    }

    [Fact]
    public void A_delivery_that_cannot_be_stored_harms_only_itself()
    {
        using var store = TestStore.Open();
        store.Deliver(new Told { Number = 1 });

        var results = store.Deliver(new Told { Number = 2 }, new Told { Number = 1, CommitKey = "another" }, new Told { Number = 3 });

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Rejected, DeliveryVerdict.Accepted], results.Select(result => result.Verdict));
        Assert.Equal(StoreFault.Constraint, store.Value<string>("SELECT code FROM dead_letters"));
        Assert.Equal(3, store.Session("s").Counters.Turns);
    }

    [Fact]
    public void Many_deliveries_that_cannot_be_stored_leave_the_others_as_if_they_had_come_alone()
    {
        using var store = TestStore.Open();
        using var alone = TestStore.Open();
        Told[] sound = [.. Enumerable.Range(1, 6).Select(number => new Told { Number = number, At = number, Session = $"s{number % 2}", Prompt = ["hi", $"{number}"], Calls = [$"t{number}"] })];
        store.Deliver(sound[0]);

        store.Deliver([.. sound.Skip(1).SelectMany(told => new[] { told, new Told { Number = 1, CommitKey = $"other {told.Number}", Session = "never", Prompt = ["lost"] } })]);
        alone.Deliver(sound);

        Assert.Equal(5, store.Value<long>("SELECT count(*) FROM dead_letters"));
        Assert.Equal(StoreState.Of(alone), StoreState.Of(store));
        Assert.Empty(new StoreVerifier(store.File).Verify());
    }

    [Fact]
    public void What_was_not_told_stays_null()
    {
        using var store = TestStore.Open();
        store.Deliver(new Told { Number = 1, Input = null, CacheRead = null, Output = null, Cost = null });

        var record = Assert.Single(store.Reader.Exchanges(new ExchangeFilter()));
        Assert.Null(record.Usage!.InputTokens);
        Assert.Null(record.CostNanoUsd);
        Assert.Equal((0L, 1L), (store.Session("s").Counters.Input, store.Session("s").Counters.UnpricedTurns));
    }

    [Fact]
    public void A_tool_call_is_filled_from_both_sides_whichever_comes_first()
    {
        using var store = TestStore.Open();
        var asks = new Told { Number = 1, Calls = ["t1"] };
        var answers = new Told { Number = 2, At = 3, Prompt = ["hi", "result"], Answers = ["t1"] };
        store.Deliver(answers);
        store.Deliver(asks);

        Assert.Equal(1, store.Session("s").Counters.ToolCalls);
        var tool = Assert.Single(store.Reader.Conversation(store.Session("s").SessionId).First().Tools);
        Assert.Equal(("t1", "Bash", false), (tool.CallId, tool.Name, tool.IsError));
        Assert.Equal(answers.Id.ToString(), tool.AnsweredByExchangeId);
    }
}
