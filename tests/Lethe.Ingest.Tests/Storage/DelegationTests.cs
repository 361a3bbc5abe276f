using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Sessions that are known to be below another by nothing but the words that it gave to an agent, which open their conversation (Gemini CLI).</summary>
public abstract class DelegationTests(StoreKind kind)
{
    private static readonly Told Root = Call(1, "root", ["context", "do it"]) with { Delegates = "look around" };
    private static readonly Told Child = Call(2, "child", ["look around"]);
    private static readonly Told More = Call(3, "child", ["look around", "> hello", "=c"]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_session_that_opens_with_anothers_words_is_its_child(bool atOnce)
    {
        using var store = TestStore.Open(kind);
        Deliver(store, atOnce, Root, Child, More, Call(4, "another", ["look elsewhere"]), Call(5, "router", ["look around"]) with { RequestKind = "router" });

        var root = Of(store, "root");
        Assert.Equal((root.SessionId, "gemini-cli", "root", "explicit"), Parent(Of(store, "child")));
        Assert.Null(Of(store, "another").Parent);
        Assert.Null(Of(store, "router").Parent);
        Assert.Equal([null, "inference:invoke_agent", "inference:invoke_agent", null, null], store.Records().Select(record => record.Evidence.GetValueOrDefault("parent_harness_session_id")));
        Assert.Empty(store.Faults());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_child_that_is_heard_of_before_its_parent_waits_for_it(bool atOnce)
    {
        using var inOrder = TestStore.Open(kind);
        Deliver(inOrder, atOnce, Root, Child, More);
        foreach (var order in new[] { new[] { Child, Root, More }, [Child, More, Root], [More, Child, Root], [More, Root, Child] })
        {
            using var store = TestStore.Open(kind);
            Deliver(store, atOnce, order);

            Assert.Equal(Parent(Of(inOrder, "child")), Parent(Of(store, "child")));
            Assert.Equal((null, 1), (Of(store, "root").Parent, store.Sessions().Count(session => session.Parent is not null)));
            Assert.Empty(store.Faults());
        }
    }

    [Fact]
    public void What_was_taken_up_before_it_was_given_was_given_by_another()
    {
        using var store = TestStore.Open(kind);
        Deliver(store, false, Child, Root with { At = 9 }, Call(10, "late", ["look around"]));

        Assert.Null(Of(store, "child").Parent);
        Assert.Equal("root", Of(store, "late").Parent?.HarnessSessionId);
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void Words_that_are_given_again_are_the_last_givers_and_a_child_keeps_its_parent()
    {
        using var store = TestStore.Open(kind);
        var other = Call(4, "other", ["context", "again"]) with { Delegates = "look around" };
        Deliver(store, true, Root, Child, other, More, Call(5, "second", ["look around"]), Call(6, "other", ["look around"]));

        Assert.Equal(("root", "other", null), (Of(store, "child").Parent?.HarnessSessionId, Of(store, "second").Parent?.HarnessSessionId, Of(store, "other").Parent?.HarnessSessionId));
        Assert.Empty(store.Faults());
    }

    [Fact]
    public void Only_the_agent_that_works_so_is_taken_at_its_word()
    {
        using var store = TestStore.Open(kind);
        Deliver(store, true, Root with { Harness = "codex" }, Child with { Harness = "codex" }, Call(6, "named", ["look around"]) with { Parent = "above", ParentHarness = "gemini-cli" });

        Assert.Equal((null, "above"), (store.Session("child", "codex").Parent, Of(store, "named").Parent?.HarnessSessionId));
    }

    private static SessionSummary Of(TestStore store, string session) => store.Session(session, "gemini-cli");

    private static void Deliver(TestStore store, bool atOnce, params Told[] told)
    {
        foreach (var round in atOnce ? [told] : told.Select(one => new[] { one }))
        {
            store.Deliver(round);
        }
    }

    private static (string?, string?, string, string) Parent(SessionSummary session) =>
        (session.Parent!.SessionId, session.Parent.HarnessId, session.Parent.HarnessSessionId, session.Parent.Resolution);

    private static Told Call(int number, string session, string[] prompt) => new() { Number = number, At = number, Harness = "gemini-cli", Session = session, Prompt = prompt, IsSynthetic = true };
}

public sealed class SqliteDelegationTests() : DelegationTests(StoreKind.Sqlite);

public sealed class PostgresDelegationTests() : DelegationTests(StoreKind.Postgres);
