using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

public abstract class AttemptTests(StoreKind kind)
{
    private static readonly Told Overloaded = new() { Number = 1, At = 1, RetryKey = "k", Outcome = Outcome.UpstreamError, Reply = null };
    private static readonly Told Cut = new() { Number = 2, At = 2, RetryKey = "k", Outcome = Outcome.UpstreamAborted, Reply = "hel" };
    private static readonly Told Answered = new() { Number = 3, At = 3, RetryKey = "k" };

    public static TheoryData<int[]> Orders => [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    [Theory]
    [MemberData(nameof(Orders))]
    public void A_call_that_was_sent_again_is_one_turn_with_numbered_attempts(int[] order)
    {
        using var store = TestStore.Open(kind);
        Told[] tries = [Overloaded, Cut, Answered];
        foreach (var next in order)
        {
            store.Deliver(tries[next]);
        }

        var first = Overloaded.Id.ToString();
        Assert.Equal(
            [new TurnRecord(null, 1, null), new TurnRecord(null, 2, first), new TurnRecord(1, 3, first)],
            store.Records().Select(record => record.Turn));
        var counters = store.Session("s").Counters;
        Assert.Equal((3, 1, 2, 2), (counters.Exchanges, counters.Turns, counters.Attempts, counters.Errors));
    }

    [Fact]
    public void The_same_question_asked_again_after_an_answer_is_another_turn()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Answered, Answered with { Number = 4, At = 4 });

        Assert.Equal([new TurnRecord(1, 1, null), new TurnRecord(2, 1, null)], store.Records().Select(record => record.Turn));
    }

    [Fact]
    public void A_cut_reply_that_was_never_answered_is_the_turn()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Cut, Overloaded with { Number = 5, At = 5 });

        Assert.Equal((1, 1), (store.Session("s").Counters.Turns, store.Session("s").Counters.Attempts));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failed_call_without_a_session_goes_to_the_session_of_the_call_that_repeated_it(bool failureFirst)
    {
        using var store = TestStore.Open(kind);
        var failed = Overloaded with { Session = null };
        store.Deliver(failureFirst ? [failed, Answered] : [Answered, failed]);

        Assert.All(store.Records(), record => Assert.Equal("s", record.Session!.HarnessSessionId));
        Assert.Equal((2, 1, 1), (store.Session("s").Counters.Exchanges, store.Session("s").Counters.Turns, store.Session("s").Counters.Attempts));
        Assert.Equal(Told.Epoch.AddSeconds(1), store.Session("s").FirstSeenAt);
    }

    [Fact]
    public void A_call_that_fails_five_hundred_times_numbers_every_try_and_a_pause_begins_anew()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. Enumerable.Range(1, 500).Select(number => Overloaded with { Number = number, At = number })]);
        store.Deliver(Overloaded with { Number = 501, At = 500 + 601 });

        var first = Overloaded.Id.ToString();
        var records = store.Records();
        Assert.Equal(Enumerable.Range(1, 500).Append(1), records.Select(record => record.Turn.Attempt));
        Assert.Equal([null, first, first, null], new[] { 0, 1, 499, 500 }.Select(place => records[place].Turn.RetryOf));
        Assert.Equal((501, 0, 501), (store.Session("s").Counters.Exchanges, store.Session("s").Counters.Turns, store.Session("s").Counters.Attempts));
        Assert.Equal(500, store.Reader.Attempts(Organisation.None, records[250].ExchangeId)!.Attempts.Count);
    }

    [Fact]
    public void A_failed_call_that_nobody_repeats_belongs_to_no_session_and_is_still_there()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Overloaded with { Session = null });

        var record = Assert.Single(store.Records());
        Assert.Null(record.Session);
        Assert.Equal(new TurnRecord(null, 1, null), record.Turn);
    }
}

public sealed class SqliteAttemptTests() : AttemptTests(StoreKind.Sqlite);

public sealed class PostgresAttemptTests() : AttemptTests(StoreKind.Postgres);
