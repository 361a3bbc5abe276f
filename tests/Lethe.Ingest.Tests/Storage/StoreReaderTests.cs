using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

public abstract class StoreReaderTests(StoreKind kind)
{
    [Fact]
    public void Records_come_in_the_order_of_capture_and_number_turns_whatever_arrived_first()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. new[] { 3, 1, 5, 2, 4 }.Select(number => new Told { Number = number, At = number, Session = number == 4 ? "other" : "s" })]);

        var records = store.Records().ToList();
        Assert.Equal([1, 2, 3, 1, 4], records.Select(record => record.Turn.Seq));
        Assert.Equal(records.OrderBy(record => record.CapturedAt, StringComparer.Ordinal), records);

        var since = store.Reader.Exchanges(Organisation.None, new ExchangeFilter { Since = Told.Epoch.AddSeconds(3), Limit = 2 });
        Assert.Equal([3, 1], since.Select(record => record.Turn.Seq));

        Assert.True(ExchangeCursor.TryParse(new ExchangeCursor((Told.Epoch.AddSeconds(2).UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / 10, records[1].ExchangeId).ToString(), out var cursor));
        var after = store.Reader.Exchanges(Organisation.None, new ExchangeFilter { SessionId = store.Session("s").SessionId, After = cursor });
        Assert.Equal([3, 4], after.Select(record => record.Turn.Seq));
    }

    [Fact]
    public void A_turns_number_is_its_place_in_the_session_also_when_others_are_left_out()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. Enumerable.Range(1, 4).Select(number => new Told { Number = number, At = number, Outcome = number == 2 ? Outcome.Incomplete : Outcome.Completed })]);

        Assert.Equal([1, 3, 4], store.Reader.Exchanges(Organisation.None, new ExchangeFilter { Outcome = "completed" }).Select(record => record.Turn.Seq));
    }

    [Fact]
    public void Facts_alone_are_those_of_the_whole_record()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Calls = ["call"], System = "system", Error = "late", PromptId = "p" }, new Told { Number = 2, At = 1, Reply = null, Outcome = Capture.Outcome.NoResponse });

        var facts = store.Reader.Exchanges(Organisation.None, new ExchangeFilter { FactsAlone = true }).ToList();
        var whole = store.Records();
        Assert.Equal(2, facts.Count);
        Assert.All(facts, record => Assert.Equal((null, null, 0), (record.Reply, record.Chain, record.Evidence.Count)));
        Assert.Equal(
            whole.Select(record => System.Text.Json.JsonSerializer.Serialize(record with { Reply = null, Chain = null, Evidence = new Dictionary<string, string>() }, ExchangeRecordJson.Default.ExchangeRecord)),
            facts.Select(record => System.Text.Json.JsonSerializer.Serialize(record, ExchangeRecordJson.Default.ExchangeRecord)));
    }

    [Fact]
    public void A_tail_sees_what_was_committed_after_its_last_look()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 2, At = 2 });
        var last = store.Reader.LastChange(Organisation.None);
        store.Deliver(new Told { Number = 1, At = 1 }, new Told { Number = 3, At = 3 });

        var tail = store.Reader.CommittedAfter(Organisation.None, last);
        Assert.Equal([1, 3], tail.Select(exchange => exchange.Record.Turn.Seq));
        Assert.Equal(store.Reader.LastChange(Organisation.None), tail[^1].Ingested);
    }

    [Fact]
    public void A_session_is_found_by_its_id_by_a_unique_beginning_and_by_the_harness_s_own_id()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Session = "abc-1" }, new Told { Number = 2, Session = "abd-2", ParentHarness = "claude-code", Parent = "abc-1" });
        var id = store.Session("abc-1").SessionId;

        Assert.Equal(id, store.Reader.Session(Organisation.None, id)!.Session.SessionId);
        Assert.Equal(id, store.Reader.Session(Organisation.None, id[..8])!.Session.SessionId);
        Assert.Equal(id, store.Reader.Session(Organisation.None, "abc")!.Session.SessionId);
        Assert.Equal("abd-2", Assert.Single(store.Reader.Session(Organisation.None, "abc-1")!.Children).HarnessSessionId);
        Assert.Null(store.Reader.Session(Organisation.None, "ab"));
        Assert.Null(store.Reader.Session(Organisation.None, "nowhere"));
    }

    [Fact]
    public void A_conversation_tells_each_message_once_where_it_was_new()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, At = 1, Prompt = ["one"], Reply = "first" },
            new Told { Number = 2, At = 2, Prompt = ["one", "two"], Reply = null, Outcome = Outcome.UpstreamError },
            new Told { Number = 3, At = 3, Prompt = ["one", "two", "three"], Reply = "second" });

        var turns = store.Reader.Conversation(Organisation.None, store.Session("s").SessionId).ToList();
        Assert.Equal([["one"], ["two"], ["three"]], turns.Select(turn => turn.NewMessages.Select(message => message.Body.GetProperty("content").GetString())));
        Assert.Equal([1, 0, 1], turns.Select(turn => turn.Reply.Count));
        Assert.Equal([null, 2], store.Reader.Conversation(Organisation.None, store.Session("s").SessionId, 2).Select(turn => turn.Exchange.Turn.Seq));
    }

    [Fact]
    public void The_place_of_a_body_is_kept()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, BodyAt = new JournalPosition(default, 3, 4, 5) }, new Told { Number = 2, At = 1 });

        Assert.Equal([new JournalPosition(default, 3, 4, 5), null], store.Reader.ExchangesWithBodies(Organisation.None, new ExchangeFilter()).Select(exchange => exchange.BodyAt));
    }

    [Fact]
    public void A_reader_sees_one_moment_while_the_writer_goes_on()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1 }, new Told { Number = 2, At = 1 });

        var seen = 0;
        foreach (var record in store.Records())
        {
            seen++;
            store.Deliver(new Told { Number = 10 + seen, At = 10 + seen });
        }

        Assert.Equal(2, seen);
    }

    [Fact]
    public void What_is_another_organisations_is_not_found_by_any_reader()
    {
        using var store = TestStore.Open(kind);
        var told = new Told { Number = 1, Org = Hostile.Orgs[1], System = "be kind", RetryKey = "again", BodyAt = new JournalPosition(default, 3, 4, 5) };
        store.Deliver(told);
        store.Deliver(told with { Number = 2, At = 1, CommitKey = "k" }, told with { Number = 3, CommitKey = "k", Content = "other" });
        var theirs = store.Reader.Exchanges(Hostile.Orgs[1], new ExchangeFilter()).First();
        var (session, node) = (theirs.Session!.Id, theirs.Chain!.Leaf!);

        Assert.Equal([true, true, true, true, true, true, true, true, true, true, true, true], Found(Hostile.Orgs[1]));
        Assert.Equal([false, false, false, false, false, false, false, false, false, false, false, false], Found(Organisation.None));

        bool[] Found(string org) =>
        [
            store.Reader.Exchanges(org, new ExchangeFilter()).Any(),
            store.Reader.Exchanges(org, new ExchangeFilter { SessionId = session }).Any(),
            store.Reader.Exchange(org, theirs.ExchangeId) is not null,
            store.Reader.BodyAt(org, theirs.ExchangeId) is not null,
            store.Reader.Attempts(org, theirs.ExchangeId) is not null,
            store.Reader.CommittedAfter(org, 0).Count > 0,
            store.Reader.Sessions(org, new SessionFilter()).Count > 0,
            store.Reader.Session(org, session) is not null || store.Reader.Session(org, session[..8]) is not null || store.Reader.Session(org, "s") is not null,
            store.Reader.Conversation(org, session).Any() || store.Reader.ConversationAfter(org, session, null).Any(),
            store.Reader.Blob(org, theirs.Chain.System!) is not null,
            store.Reader.Message(org, node) is not null,
            store.Reader.DeadLetters(org).Count > 0,
        ];
    }

    [Fact]
    public void Sessions_come_newest_first_with_the_models_that_served_them()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Session = "a", At = 1 }, new Told { Number = 2, Session = "b", At = 2, Harness = "codex" });

        var sessions = store.Sessions();
        Assert.Equal(["b", "a"], sessions.Select(session => session.HarnessSessionId));
        Assert.Equal(["m-1"], sessions[0].Models);
        Assert.Equal("b", Assert.Single(store.Reader.Sessions(Organisation.None, new SessionFilter { HarnessId = "codex" })).HarnessSessionId);
        Assert.Equal("b", Assert.Single(store.Reader.Sessions(Organisation.None, new SessionFilter { Since = Told.Epoch.AddSeconds(2) })).HarnessSessionId);
        Assert.Equal("b", Assert.Single(store.Reader.Sessions(Organisation.None, new SessionFilter { Limit = 1 })).HarnessSessionId);
    }
}

public sealed class SqliteStoreReaderTests() : StoreReaderTests(StoreKind.Sqlite);

public sealed class PostgresStoreReaderTests() : StoreReaderTests(StoreKind.Postgres);
