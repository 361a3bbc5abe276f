using Dapper;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Storage;
using Lethe.Ingest.Verifying;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Answers that the Responses API keeps under an id: continued without being repeated, asked for again, and promised for later.</summary>
public sealed class ResponseTests
{
    private static readonly Told First = Call(1, "s-1", "resp_1");

    [Fact]
    public void A_call_that_names_only_the_answer_it_continues_is_of_that_answers_session_however_far_back_it_began()
    {
        using var store = TestStore.Open();
        store.Deliver(First, Call(2, "s-2", "resp_2") with { Continues = "resp_1" });
        store.Deliver(Call(3, "s-3", "resp_3") with { Continues = "resp_2" });

        var session = Assert.Single(Sessions(store));

        Assert.Equal(("s-1", 3, 3, 9), (session.HarnessSessionId, session.Counters.Exchanges, session.Counters.Turns, session.Counters.Output));
        Assert.Equal("body:previous_response_id", store.Value<string>(EvidenceOf, new { Number = 3 }));
        AssertSound(store);
    }

    [Fact]
    public void A_failed_call_is_of_the_session_that_it_would_have_continued()
    {
        using var store = TestStore.Open();
        store.Deliver(First, Call(2, null, null) with { Continues = "resp_1", Reply = null, Outcome = Capture.Outcome.UpstreamError });

        var session = Assert.Single(Sessions(store));

        Assert.Equal((2, 1, 1), (session.Counters.Exchanges, session.Counters.Turns, session.Counters.Errors));
        AssertSound(store);
    }

    [Fact]
    public void A_session_that_the_client_names_counts_more_than_the_answer_it_continues()
    {
        using var store = TestStore.Open();
        store.Deliver(First, Call(2, "named", "resp_2") with { Continues = "resp_1", IsSynthetic = false });

        Assert.Equal(["named", "s-1"], Sessions(store).Select(session => session.HarnessSessionId).Order());
        AssertSound(store);
    }

    [Fact]
    public void What_continues_an_unknown_answer_or_one_of_another_organisation_begins_a_session()
    {
        using var store = TestStore.Open();
        store.Deliver(First, Call(2, "s-2", "resp_2") with { Continues = "resp_0" }, Call(3, "s-3", "resp_3") with { Continues = "resp_1", Org = "11111111-1111-4111-8111-111111111111" });

        Assert.Equal(["s-1", "s-2", "s-3"], Sessions(store).Select(session => session.HarnessSessionId).Order());
        AssertSound(store);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_promised_answer_is_the_turn_of_its_session_and_counted_once_however_often_it_is_asked_for(bool apart)
    {
        using var store = TestStore.Open();
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
        Assert.Equal([5, 3], [.. store.Reader.Exchanges(new ExchangeFilter()).Where(record => record.Operation == "chat" && record.Reply is not null).Select(record => Number(record)).OrderDescending()]);
        AssertSound(store);
    }

    [Fact]
    public void An_answer_that_was_heard_when_it_was_given_counts_no_second_time()
    {
        using var store = TestStore.Open();
        store.Deliver(First, Asked(2), Asked(3) with { ResponseId = "resp_unknown" });

        var session = Assert.Single(Sessions(store));

        Assert.Equal((2, 1, 3), (session.Counters.Exchanges, session.Counters.Turns, session.Counters.Output));
        Assert.Equal(3, store.Value<long>("SELECT sum(output) FROM exchanges"));
        AssertSound(store);
    }

    [Fact]
    public async Task What_a_store_of_the_first_version_holds_can_be_continued()
    {
        using var store = TestStore.Open();
        store.Deliver(First);
        store.Connection.Execute("DROP TABLE responses; ALTER TABLE journal_cursors DROP COLUMN journal; DELETE FROM schema_migrations WHERE version > 1; PRAGMA user_version = 1");

        await using var upToDate = await LetheDatabase.OpenAsync(store.File, TimeProvider.System);
        using var ingest = new IngestTransaction(upToDate, TimeProvider.System);
        ingest.Commit([(Call(2, "s-2", "resp_2") with { Continues = "resp_1" }).Delivery()]);

        Assert.Equal(2, Assert.Single(Sessions(store)).Counters.Exchanges);
        AssertSound(store);
    }

    private const string EvidenceOf =
        "SELECT c.evidence ->> '$.harness_session_id' FROM exchanges e JOIN callers c ON c.caller = e.caller WHERE e.ingested = @Number";

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

    private static IReadOnlyList<SessionSummary> Sessions(TestStore store) => [.. store.Reader.Sessions(new SessionFilter())];

    private static void AssertSound(TestStore store) => Assert.Empty(new StoreVerifier(store.File).Verify());
}
