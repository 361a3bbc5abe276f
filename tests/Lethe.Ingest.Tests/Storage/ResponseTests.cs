using Lethe.Capture.Turns;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Answers that the Responses API keeps under an id: continued without being repeated, asked for again, and promised for later.</summary>
public abstract class ResponseTests(StoreKind kind)
{
    private static readonly Told First = Call(1, "s-1", "resp_1");

    [Fact]
    public void A_call_that_names_only_the_answer_it_continues_is_of_that_answers_session_however_far_back_it_began()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Call(2, "s-2", "resp_2") with { Continues = "resp_1" });
        store.Deliver(Call(3, "s-3", "resp_3") with { Continues = "resp_2" });

        var session = Assert.Single(Sessions(store));

        Assert.Equal(("s-1", 3, 3, 9), (session.HarnessSessionId, session.Counters.Exchanges, session.Counters.Turns, session.Counters.Output));
        Assert.Equal("body:previous_response_id", store.Records()[^1].Evidence["harness_session_id"]);
        AssertSound(store);
    }

    [Fact]
    public void An_interaction_that_names_the_one_before_it_is_of_its_session()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Call(2, "s-2", "v1_2") with { Endpoint = "interactions", Continues = "v1_1" });
        store.Deliver(First with { Endpoint = "interactions", ResponseId = "v1_1" }, Asked(3) with { Endpoint = "interactions_get", ResponseId = "v1_2" });

        var session = Assert.Single(Sessions(store));

        Assert.Equal(("s-1", 3, 2), (session.HarnessSessionId, session.Counters.Exchanges, session.Counters.Turns));
        Assert.Equal("body:previous_interaction_id", store.Records().Single(record => record.PreviousResponseId is not null).Evidence["harness_session_id"]);
        AssertSound(store);
    }

    [Fact]
    public void A_session_that_waited_brings_its_own_words_with_it_though_they_were_only_looked_for_a_moment_before()
    {
        var (asked, again, call) = (Asked(2) with { Reminder = "its own" }, Asked(3), First with { Prompt = [], Reply = null });
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 9, Session = "other", Prompt = [], Reply = "the answer" });
        store.Deliver(asked);
        store.Deliver(again, call);

        using var inOrder = TestStore.Open(kind);
        inOrder.Deliver(new Told { Number = 9, Session = "other", Prompt = [], Reply = "the answer" }, call, asked, again);
        Assert.Equal(inOrder.State(), store.State());
        Assert.Contains("own words", store.Met());
        AssertSound(store);
    }

    [Fact]
    public void What_an_answer_cost_by_its_parts_is_told_by_the_call_that_counts_it()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Asked(2));
        Assert.Equal([null], store.Records().Select(record => record.Cost));

        store.Deliver(First with { Outcome = Capture.Outcome.ClientAborted, Cost = null });
        Assert.Equal([null, new CostParts(3, 0, 0, 4, 0)], store.Records().Select(record => record.Cost));
        AssertSound(store);
    }

    [Fact]
    public void A_failed_call_is_of_the_session_that_it_would_have_continued()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Call(2, null, null) with { Continues = "resp_1", Reply = null, Outcome = Capture.Outcome.UpstreamError });

        var session = Assert.Single(Sessions(store));

        Assert.Equal((2, 1, 1), (session.Counters.Exchanges, session.Counters.Turns, session.Counters.Errors));
        AssertSound(store);
    }

    [Fact]
    public void A_session_that_the_client_names_counts_more_than_the_answer_it_continues()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Call(2, "named", "resp_2") with { Continues = "resp_1", IsSynthetic = false });

        Assert.Equal(["named", "s-1"], Sessions(store).Select(session => session.HarnessSessionId).Order());
        AssertSound(store);
    }

    [Fact]
    public void What_continues_an_unknown_answer_or_one_of_another_organisation_begins_a_session()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Call(2, "s-2", "resp_2") with { Continues = "resp_0" }, Call(3, "s-3", "resp_3") with { Continues = "resp_1", Org = "11111111-1111-4111-8111-111111111111" });

        Assert.Equal(["continues:resp_0", "s-1"], Sessions(store).Select(session => session.HarnessSessionId).Order());
        Assert.Equal("continues:resp_1", Assert.Single(store.Reader.Sessions("11111111-1111-4111-8111-111111111111", new SessionFilter())).HarnessSessionId);
        AssertSound(store);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_promised_answer_is_the_turn_of_its_session_and_counted_once_however_often_it_is_asked_for(bool apart)
    {
        using var store = TestStore.Open(kind);
        Told[] calls = [Call(1, "promise", "resp_1") with { Reply = null }, Asked(2) with { Reply = null }, Asked(3), Asked(4), Call(5, "s-5", "resp_5") with { Continues = "resp_1" }];
        if (apart)
        {
            Array.ForEach(calls, call => store.Deliver(call));
        }
        else
        {
            store.Deliver(calls);
        }

        var session = Assert.Single(Sessions(store));

        Assert.Equal(("promise", 5, 2, 0, 6, 14), (session.HarnessSessionId, session.Counters.Exchanges, session.Counters.Turns, session.Counters.Attempts, session.Counters.Output, session.Counters.CostNanoUsd));
        Assert.Equal([5, 3], [.. store.Records().Where(record => record.Operation == "chat" && record.Reply is not null).Select(record => Number(record)).OrderDescending()]);
        AssertSound(store);
    }

    [Fact]
    public void An_answer_that_was_heard_when_it_was_given_counts_no_second_time()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Asked(2), Asked(3) with { ResponseId = "resp_unknown" });

        var session = store.Session("s-1", "sdk:openai");

        Assert.Equal((2, 1, 3), (session.Counters.Exchanges, session.Counters.Turns, session.Counters.Output));
        Assert.Equal(3, store.Records().Sum(record => record.Usage?.OutputTokens ?? 0));
        AssertSound(store);
    }

    [Fact]
    public void A_call_that_comes_before_the_one_that_it_continues_is_of_its_session_all_the_same()
    {
        Told[] calls = [First, Call(2, "s-2", "resp_2") with { Continues = "resp_1", Calls = ["t"], Name = "two" }, Call(3, "s-3", "resp_3") with { Continues = "resp_2", Answers = ["t"] }, Asked(4)];
        using var inOrder = TestStore.Open(kind);
        inOrder.Deliver(calls);
        foreach (var order in (int[][])[[2, 1, 0, 3], [1, 2, 3, 0], [3, 2, 0, 1], [2, 0, 3, 1]])
        {
            using var store = TestStore.Open(kind);
            foreach (var next in order)
            {
                store.Deliver(calls[next]);
                AssertSound(store);
            }

            Assert.Equal("s-1", Assert.Single(Sessions(store)).HarnessSessionId);
            Assert.Equal(inOrder.State(), store.State());
        }
    }

    [Fact]
    public void A_session_that_waits_for_an_answer_and_is_named_as_a_parent_leaves_its_place_to_its_children()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            Call(2, null, "resp_2") with { Continues = "resp_1" },
            new Told { Number = 3, At = 3, Session = "child", Harness = "sdk:openai", ParentHarness = "sdk:openai", Parent = "continues:resp_1" },
            new Told { Number = 4, At = 4, Session = "stray", Harness = "sdk:openai", Parent = "continues:resp_1" });
        Assert.Equal("same_harness", store.Session("stray", "sdk:openai").Parent!.Resolution);

        store.Deliver(First);

        Assert.True(store.Session("continues:resp_1", "sdk:openai").IsPlaceholder);
        Assert.Equal("unresolved", store.Session("stray", "sdk:openai").Parent!.Resolution);
        Assert.Equal(2, store.Session("s-1", "sdk:openai").Counters.Turns);
        AssertSound(store);
    }

    [Fact]
    public void A_call_that_only_names_an_answer_goes_on_from_that_answers_chain_whichever_comes_first()
    {
        Told[] calls = [First, Call(2, null, "resp_2") with { Continues = "resp_1" }, Call(3, null, "resp_3") with { Continues = "resp_2" }, Call(4, null, "resp_4") with { Continues = "resp_2" }];
        foreach (var order in (int[][])[[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
        {
            using var store = TestStore.Open(kind);
            Array.ForEach(order, next => store.Deliver(calls[next]));

            var chains = calls.Select(call => Chain(store, call)).ToList();
            Assert.Equal([2, 4, 6, 6], chains.Select(chain => chain.Count));
            Assert.Equal([chains[1], chains[1]], chains.Skip(2).Select(chain => chain.Take(4)));
            Assert.Equal(chains[0], chains[1].Take(2));
            Assert.All(chains, chain => Assert.Null(store.Reader.NotHeld(First.Org, chain[0])));
            Assert.Equal(["question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3"], chains[2].Select(hash => store.Reader.Message(Capture.Exchanges.Organisation.None, hash)!.Body.GetProperty("content").GetString()));
            AssertSound(store);
        }
    }

    [Fact]
    public void What_is_said_upon_an_answer_that_nobody_holds_begins_with_what_was_said_and_is_no_others()
    {
        using var store = TestStore.Open(kind);
        Told[] calls = [.. ((string?[])["resp_8", "resp_9", null]).Select((continued, at) => Call(at + 1, "s", $"resp_{at}") with { Continues = continued, IsSynthetic = false, Prompt = ["go on"], Reply = "yes" })];
        store.Deliver(calls);

        Assert.All(calls, call => Assert.Equal(2, Chain(store, call).Count));
        Assert.Equal(6, calls.SelectMany(call => Chain(store, call)).Distinct().Count());
        Assert.Equal(["resp_8", "resp_9", null], calls.Select(call => store.Reader.NotHeld(call.Org, Chain(store, call)[0])));
        AssertSound(store);
    }

    [Fact]
    public void Ids_that_a_server_gives_again_lead_no_chain_back_into_itself()
    {
        using var store = TestStore.Open(kind);
        Told[] calls = [Call(1, null, "resp_1") with { Continues = "resp_1" }, Call(2, null, "resp_2") with { Continues = "resp_3" }, Call(3, null, "resp_3") with { Continues = "resp_2" }, Call(4, null, "resp_1") with { Continues = "resp_1" }];
        store.Deliver([.. calls.Reverse()]);

        Assert.Equal([2, 2, 4, 2], calls.Select(call => Chain(store, call).Count));
        AssertSound(store);
    }

    private static IReadOnlyList<string> Chain(TestStore store, Told call) =>
        store.Reader.Chain(call.Org, store.Records().Single(record => record.ExchangeId == call.Id.ToString()).Chain!.Leaf!);

    private static Told Call(int number, string? session, string? response) => new()
    {
        Number = number,
        At = number,
        Endpoint = "responses",
        Harness = "sdk:openai",
        Session = session,
        IsSynthetic = true,
        ResponseId = response,
        Prompt = [$"question {number}"],
        Reply = $"answer {number}",
    };

    // The answer is the one that was promised, so it says the same each time.
    private static Told Asked(int number) => Call(number, null, "resp_1") with { Endpoint = "responses_get", Prompt = [], Reply = "the answer" };

    private static int Number(ExchangeRecord record) => Convert.ToInt32(record.ExchangeId[^2..], 16);

    private static IReadOnlyList<SessionSummary> Sessions(TestStore store) => store.Sessions();

    private static void AssertSound(TestStore store) => Assert.Empty(store.Faults());
}

public sealed class SqliteResponseTests() : ResponseTests(StoreKind.Sqlite);

public sealed class PostgresResponseTests() : ResponseTests(StoreKind.Postgres);
