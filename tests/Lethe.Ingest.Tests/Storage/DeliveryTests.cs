using System.Text;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

public abstract class DeliveryTests(StoreKind kind)
{
    [Fact]
    public void A_turn_becomes_a_record_that_says_everything()
    {
        using var store = TestStore.Open(kind);
        var result = Assert.Single(store.Deliver(new Told { Number = 1, Prompt = ["hi"], Reply = "hello", System = "be kind", Name = "greeting" }));

        Assert.Equal(DeliveryVerdict.Accepted, result.Verdict);
        var record = Assert.Single(store.Records());
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
        using var store = TestStore.Open(kind);
        var told = replies.Select((reply, i) => new Told { Number = i + 1, At = i, Reply = reply, Name = reply, CommitKey = $"{i} {reply}" }).ToArray();
        store.Deliver(told);

        Assert.Equal(replies, store.Records().Select(record => record.Reply!.Text));
        Assert.Equal(told.Select(one => one.CommitKey!.Replace('\0', '\u2400')), store.Records().Select(record => record.CommitKey));
        foreach (var node in told.SelectMany(one => one.Delivery().Told.Chain!.Nodes).DistinctBy(node => node.Hash))
        {
            var stored = store.Reader.Message(Organisation.None, node.Hash.ToString())!;
            Assert.Equal(Encoding.UTF8.GetString(node.Body.Span), stored.Body.GetRawText());
        }

        Assert.Equal(replies[^1].Replace('\0', '\u2400'), store.Session("s").Name);
    }

    [Fact]
    public void A_delivery_that_comes_again_is_counted_once_and_changes_nothing_else()
    {
        using var store = TestStore.Open(kind);
        var first = new Told { Number = 1, Name = "one", Subject = "ann" };
        store.Deliver(first, new Told { Number = 2, At = 5, Name = "two" });

        Assert.Equal(DeliveryVerdict.Duplicate, Assert.Single(store.Deliver(first)).Verdict);

        var session = store.Session("s");
        Assert.Equal((2, "two", "ann"), (session.Counters.Turns, session.Name, session.AuthSubject));
        Assert.Equal(Told.Epoch.AddSeconds(5), session.LastSeenAt);
        Assert.Equal([true, false], store.Records().Select(record => record.Replayed));
    }

    [Fact]
    public void A_commit_key_with_other_content_is_a_conflict_and_overwrites_nothing()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, CommitKey = "key", Reply = "true" });

        var result = Assert.Single(store.Deliver(new Told { Number = 2, CommitKey = "key", Reply = "false", Content = "other" }));

        Assert.Equal((DeliveryVerdict.Conflict, "idempotency_conflict"), (result.Verdict, result.Code));
        Assert.Equal("true", Assert.Single(store.Records()).Reply!.Text);
        Assert.Equal("idempotency_conflict", Assert.Single(store.Reader.DeadLetters(Organisation.None)).Code);
    }

    [Fact]
    public void Conversations_that_share_beginnings_and_part_are_one_tree_however_they_come()
    {
        string[][] prompts = [["a"], ["a", "hello", "b"], ["a", "hello", "c"], ["a", "x"], ["z"], ["a", "hello", "b", "hello", "d"], ["z", "hello", "b"]];
        var told = prompts.Select((prompt, i) => new Told { Number = i + 1, At = i, Session = $"s{i % 3}", Prompt = prompt, Reply = i == 3 ? "y" : "hello" }).ToArray();
        using var store = TestStore.Open(kind);
        store.Deliver([told[1], told[4]]);
        using (var another = store.OpenAnother())
        {
            another.Commit([.. told.Select(one => one.Delivery())]);
        }

        var said = told.SelectMany(one => one.Delivery().Told.Chain!.Nodes).DistinctBy(node => node.Hash).ToList();
        Assert.Equal(said.Count, store.Count("nodes"));
        Assert.All(said, node => Assert.Equal(node.Depth, store.Reader.Message(Organisation.None, node.Hash.ToString())!.Depth));

        foreach (var record in store.Records())
        {
            var chain = told.Single(one => one.Delivery().Told.Exchange.Id.ToString() == record.ExchangeId).Delivery().Told.Chain!;
            Assert.Equal((chain.Root.ToString(), chain.Leaf.ToString(), chain.Nodes.Count), (record.Chain!.Root, record.Chain.Leaf, record.Chain.Length));
        }
    }

    [Fact]
    public void The_same_words_in_two_sessions_are_two_turns()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Session = "a" }, new Told { Number = 2, Session = "b" }, new Told { Number = 3, Session = "b", At = 9 });

        Assert.Equal(1, store.Session("a").Counters.Turns);
        Assert.Equal(2, store.Session("b").Counters.Turns);
        Assert.Equal((2L, 2L), (store.Session("a").Counters.Nodes, store.Session("b").Counters.Nodes));
        Assert.Equal(2, store.Count("nodes"));
    }

    [Fact]
    public void A_delivery_that_cannot_be_stored_harms_only_itself()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1 });

        var results = store.Deliver(new Told { Number = 2 }, new Told { Number = 1, CommitKey = "another" }, new Told { Number = 3 });

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Rejected, DeliveryVerdict.Accepted], results.Select(result => result.Verdict));
        Assert.Equal(StoreFault.Constraint, Assert.Single(store.Reader.DeadLetters(Organisation.None)).Code);
        Assert.Equal(3, store.Session("s").Counters.Turns);
    }

    [Fact]
    public void Many_deliveries_that_cannot_be_stored_leave_the_others_as_if_they_had_come_alone()
    {
        using var store = TestStore.Open(kind);
        using var alone = TestStore.Open(kind);
        Told[] sound = [.. Enumerable.Range(1, 6).Select(number => new Told { Number = number, At = number, Session = $"s{number % 2}", Prompt = ["hi", $"{number}"], Calls = [$"t{number}"] })];
        store.Deliver(sound[0]);

        store.Deliver([.. sound.Skip(1).SelectMany(told => new[] { told, new Told { Number = 1, CommitKey = $"other {told.Number}", Session = "never", Prompt = ["lost"] } })]);
        alone.Deliver(sound);

        Assert.Equal(5, store.Count("dead_letters"));
        Assert.Equal(alone.State(), store.State());
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void What_a_client_says_of_its_delivery_at_a_wire_door_identifies_nothing_and_is_kept()
    {
        using var store = TestStore.Open(kind);
        var failed = new Told { Number = 1, ClientKey = "constant", Reply = null, Outcome = Capture.Outcome.UpstreamError };

        var results = store.Deliver(failed, new Told { Number = 2, At = 1, ClientKey = "constant" });

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Accepted], results.Select(result => result.Verdict));
        Assert.Equal([("constant", failed.Id.ToString()), ("constant", results[1].ExchangeId.ToString())], store.Records().Select(record => (record.ClientKey, record.CommitKey)));
    }

    [Fact]
    public void A_producers_key_is_kept_apart_from_the_exchanges_of_wire_doors()
    {
        using var store = TestStore.Open(kind);
        var results = store.Deliver(new Told { Number = 1, CommitKey = "k" }, new Told { Number = 2, ClientKey = "k" });

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Accepted], results.Select(result => result.Verdict));
        Assert.Equal(["k", null], store.Records().Select(record => record.CommitKey == "k" ? record.CommitKey : null));
    }

    [Fact]
    public void What_is_stored_beside_the_words_can_be_read()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told
        {
            Number = 1,
            PromptId = "p-1",
            RequestKind = "title",
            CostReported = 12,
            ResponseId = "resp_1",
            Continues = "resp_0",
            System = "be kind",
            Tools = "a hammer",
            UsageReported = """{"service_tier":"priority"}""",
        });

        var record = Assert.Single(store.Records());
        Assert.Equal("""{"service_tier":"priority"}""", record.Usage!.Reported!.Value.GetRawText());
        Assert.Equal(("p-1", "title", 12L, "resp_0", "kept", "base_url"),
            (record.PromptId, record.RequestKind, record.CostReportedNanoUsd, record.PreviousResponseId, record.Content, record.CaptureMode));
        Assert.Equal("\"be kind\"", Encoding.UTF8.GetString(store.Reader.Blob(Organisation.None, record.Chain!.System!)!));
        Assert.Equal("\"a hammer\"", Encoding.UTF8.GetString(store.Reader.Blob(Organisation.None, record.Chain.Tools!)!));
        Assert.Null(store.Reader.Blob(Hostile.Orgs[1], record.Chain.System!));
    }

    [Fact]
    public void What_a_cost_is_made_of_is_told_with_it_and_a_partial_usage_stays_marked()
    {
        using var store = TestStore.Open(kind);
        var cut = new Told { Number = 2, At = 1, Cost = 9, UsageIsFinal = false, Outcome = Capture.Outcome.UpstreamAborted };
        store.Deliver(new Told { Number = 1, Cost = 7 }, cut, new Told { Number = 3, At = 2, Cost = null });
        store.Deliver(cut);

        Assert.Equal(
            [(7L, new CostParts(3, 0, 0, 4, 0), "final"), (9L, new CostParts(4, 0, 0, 5, 0), "partial"), (null, null, "final")],
            store.Records().Select(record => (record.CostNanoUsd, record.Cost, record.Usage!.Source)));
        var shown = Assert.Single(store.Reader.Exchanges(Organisation.None, new ExchangeFilter { Outcome = "upstream_aborted" }));
        Assert.Contains(
            "\"cost\":{\"input\":4,\"cache_read\":0,\"cache_write\":0,\"output\":5,\"other\":0}", JsonSerializer.Serialize(shown, ExchangeRecordJson.Default.ExchangeRecord), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sessions_that_share_an_opening_show_their_own_words()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, Session = "a", Reminder = "the first's" },
            new Told { Number = 2, At = 1, Session = "b", Reminder = "the second's" },
            new Told { Number = 3, At = 2, Session = "b", Prompt = ["hi", "hello", "more"], Reminder = "another time's" });

        Assert.Equal(store.Records()[0].Chain!.Leaf, store.Records()[1].Chain!.Leaf);
        Assert.Equal(["the first's"], Words("a"));
        Assert.Equal(["the second's", "another time's"], Words("b").Distinct());

        IEnumerable<string?> Words(string session) => store.Reader
            .Conversation(Organisation.None, store.Session(session).SessionId)
            .SelectMany(turn => turn.NewMessages)
            .Select(message => message.Body.GetProperty("reminder").GetString());
    }

    [Fact]
    public void What_was_not_told_stays_null()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Input = null, CacheRead = null, Output = null, Cost = null });

        var record = Assert.Single(store.Records());
        Assert.Null(record.Usage!.InputTokens);
        Assert.Null(record.CostNanoUsd);
        Assert.Equal((0L, 1L), (store.Session("s").Counters.Input, store.Session("s").Counters.UnpricedTurns));
    }

    [Fact]
    public void An_outcome_is_that_of_the_first_request_that_carried_it_whichever_comes_first()
    {
        var asks = new Told { Number = 1, Calls = ["t"], Reply = "asked" };
        var answers = new Told { Number = 2, At = 1, Prompt = ["hi", "asked", "!t"], Reply = "answered" };
        var goesOn = new Told { Number = 3, At = 2, Prompt = ["hi", "asked", "!t", "answered", "more"], Reply = "again" };
        foreach (var order in (Told[][])[[asks, answers, goesOn], [goesOn, answers, asks], [goesOn, asks, answers], [answers, goesOn, asks]])
        {
            using var store = TestStore.Open(kind);
            foreach (var one in order)
            {
                store.Deliver(one);
            }

            var tool = Assert.Single(store.Reader.Conversation(Organisation.None, store.Session("s").SessionId).SelectMany(turn => turn.Tools));
            Assert.Equal(("t", true, answers.Id.ToString()), (tool.CallId, tool.IsError, tool.AnsweredByExchangeId));
        }
    }

    [Fact]
    public void A_tool_call_is_filled_from_both_sides_whichever_comes_first()
    {
        using var store = TestStore.Open(kind);
        var asks = new Told { Number = 1, Calls = ["t1"] };
        var answers = new Told { Number = 2, At = 3, Prompt = ["hi", "result"], Answers = ["t1"] };
        store.Deliver(answers);
        store.Deliver(asks);

        Assert.Equal(1, store.Session("s").Counters.ToolCalls);
        var tool = Assert.Single(store.Reader.Conversation(Organisation.None, store.Session("s").SessionId).First().Tools);
        Assert.Equal(("t1", "Bash", false), (tool.CallId, tool.Name, tool.IsError));
        Assert.Equal(answers.Id.ToString(), tool.AnsweredByExchangeId);
    }
}

public sealed class SqliteDeliveryTests() : DeliveryTests(StoreKind.Sqlite);

public sealed class PostgresDeliveryTests() : DeliveryTests(StoreKind.Postgres);
