using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What is forgotten, and what stays of it.</summary>
public abstract class KeepingTests(StoreKind kind)
{
    private static readonly Told First = new() { Number = 1, At = 1, Session = "a", Prompt = ["shared"], Name = "secret", Cwd = "/secret", System = "secret prompt", Calls = ["t"], Command = "secret command" };
    private static readonly Told Second = First with { Number = 2, At = 2, Prompt = ["shared", "hello", "alone"], Calls = [] };
    private static readonly Told Other = new() { Number = 3, At = 3, Session = "b", Prompt = ["shared"] };

    [Fact]
    public void An_erased_session_keeps_its_sums_and_loses_every_word_and_others_keep_theirs()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Second, Other);
        var before = store.Session("a");

        Assert.True(store.Ingest.Erase(Organisation.None, Guid.Parse(before.SessionId), facts: false));

        var after = store.Session("a");
        Assert.Equal(before.Counters with { Nodes = 0 }, after.Counters);
        Assert.NotNull(after.ErasedAt);
        Assert.Equal((null, null), (after.Name, after.Cwd));
        Assert.DoesNotContain("secret", store.State(), StringComparison.Ordinal);
        Assert.Equal(["erased", "erased", "kept"], store.Records().Select(record => record.Content));
        Assert.Equal([7L, 7L, 7L], store.Records().Select(record => record.CostNanoUsd!.Value));
        Assert.Equal("shared", Assert.Single(store.Reader.Conversation(Organisation.None, store.Session("b").SessionId)).NewMessages[0].Body.GetProperty("content").GetString());
        Assert.Equal(2, store.Count("nodes"));
        Assert.Equal(0, store.Count("blobs"));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void An_erased_session_goes_on_when_more_is_said_in_it_and_nothing_of_before_comes_again()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First);
        store.Ingest.Erase(Organisation.None, Guid.Parse(store.Session("a").SessionId), facts: false);

        store.Deliver(First, Second);

        Assert.Equal(2, store.Session("a").Counters.Turns);
        Assert.Equal(["erased", "kept"], store.Records().Select(record => record.Content));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void What_is_erased_with_its_facts_leaves_its_sums_alone()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Second, Other, new Told { Number = 4, At = 4, Session = "child", ParentHarness = "claude-code", Parent = "a" });

        store.Ingest.Erase(Organisation.None, Guid.Parse(store.Session("a").SessionId), facts: true);
        store.Ingest.Erase(Organisation.None, Guid.Parse(store.Session("b").SessionId), facts: true);

        Assert.True(store.Session("a").IsPlaceholder);
        Assert.Equal(["a", "child"], store.Sessions().Select(session => session.HarnessSessionId).Order());
        Assert.Equal(2, store.Count("archived"));
        Assert.Single(store.Records());
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void Expired_exchanges_lose_their_words_and_messages_that_others_still_hold_stay()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Second, Other);
        store.Ingest.Pin(Organisation.None, Guid.Parse(store.Session("b").SessionId), "evidence");

        var old = store.Ingest.OldestExchanges(Organisation.None, Told.Epoch.AddSeconds(10), 10);
        Assert.Equal([First.Id.Value, Second.Id.Value], old.Select(exchange => exchange.Exchange));
        Assert.Equal(1, store.Ingest.Expire(Organisation.None, [First.Id.Value]));

        Assert.Equal(["expired", "kept", "kept"], store.Records().Select(record => record.Content));
        Assert.Equal(4, store.Session("a").Counters.Nodes);
        Assert.Equal(1, store.Ingest.Expire(Organisation.None, [First.Id.Value, Second.Id.Value]));
        Assert.Equal(0, store.Session("a").Counters.Nodes);
        Assert.Equal("evidence", store.Session("b").PinReason);
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void The_longest_unseen_come_first_and_pinned_ones_not_at_all()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(First, Other, new Told { Number = 5, At = 5, Session = "c" });
        Assert.True(store.Ingest.Pin(Organisation.None, Guid.Parse(store.Session("b").SessionId), "evidence"));

        Assert.Equal([store.Session("a").SessionId, store.Session("c").SessionId], Oldest());
        Assert.True(store.Ingest.Unpin(Organisation.None, Guid.Parse(store.Session("b").SessionId)));
        Assert.Equal(3, Oldest().Count());
        Assert.False(store.Ingest.Pin(Hostile.Orgs[1], Guid.Parse(store.Session("b").SessionId), "not theirs"));

        IEnumerable<string> Oldest() => store.Ingest.OldestSessions(Organisation.None, Told.Epoch.AddSeconds(10), 10).Select(held => held.Session.ToString("D"));
    }
}

public sealed class SqliteKeepingTests() : KeepingTests(StoreKind.Sqlite);

public sealed class PostgresKeepingTests() : KeepingTests(StoreKind.Postgres);
