using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Sessions, their fields and their parents: the defects of the systems before this one, each as a case.</summary>
public abstract class SessionTests(StoreKind kind)
{
    [Fact]
    public void A_parent_named_with_its_harness_is_linked_across_harnesses_and_promoted_in_place()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Harness = "codex", Session = "child", ParentHarness = "claude-code", Parent = "root" });
        var placeholder = store.Session("root");
        Assert.True(placeholder.IsPlaceholder);
        Assert.Null(placeholder.FirstSeenAt);

        store.Deliver(new Told { Number = 2, At = 9, Harness = "claude-code", Session = "root", Name = "the root", Subject = "ann" });

        var root = store.Session("root");
        Assert.Equal((placeholder.SessionId, false, "the root", "ann"), (root.SessionId, root.IsPlaceholder, root.Name, root.AuthSubject));
        Assert.Equal(Told.Epoch.AddSeconds(9), root.FirstSeenAt);
        var child = store.Session("child", "codex");
        Assert.Equal((root.SessionId, "explicit"), (child.ParentSessionId, child.Parent!.Resolution));
        Assert.Equal(2, store.Count("sessions"));
    }

    [Fact]
    public void A_parent_named_without_a_harness_is_never_invented_and_found_when_it_comes()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Harness = "codex", Session = "child", Parent = "root" });
        Assert.Equal("unresolved", store.Session("child", "codex").Parent!.Resolution);
        Assert.Equal(1, store.Count("sessions"));

        store.Deliver(new Told { Number = 2, Harness = "goose", Session = "root" });
        Assert.Equal("unique_other", store.Session("child", "codex").Parent!.Resolution);

        store.Deliver(new Told { Number = 3, Harness = "pi", Session = "root" });
        Assert.Equal("ambiguous", store.Session("child", "codex").Parent!.Resolution);
        Assert.Null(store.Session("child", "codex").ParentSessionId);

        store.Deliver(new Told { Number = 4, Harness = "codex", Session = "root" });
        Assert.Equal(
            ("same_harness", store.Session("root", "codex").SessionId),
            (store.Session("child", "codex").Parent!.Resolution, store.Session("child", "codex").ParentSessionId));
    }

    [Fact]
    public void A_session_that_names_itself_is_refused()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Session = "s", ParentHarness = "claude-code", Parent = "s" });
        store.Deliver(new Told { Number = 2, Session = "t", Parent = "t" });

        foreach (var session in (string[])["s", "t"])
        {
            Assert.Equal("refused", store.Session(session).Parent!.Resolution);
            Assert.Null(store.Session(session).ParentSessionId);
        }
    }

    [Fact]
    public void Of_a_circle_the_claim_made_last_is_refused_whatever_comes_first()
    {
        Told[] circle =
        [
            new() { Number = 1, At = 1, Session = "a", ParentHarness = "claude-code", Parent = "b" },
            new() { Number = 2, At = 2, Session = "b", ParentHarness = "claude-code", Parent = "c" },
            new() { Number = 3, At = 3, Session = "c", ParentHarness = "claude-code", Parent = "a" },
        ];
        foreach (var order in new[] { circle, [circle[2], circle[1], circle[0]], [circle[1], circle[2], circle[0]] })
        {
            using var store = TestStore.Open(kind);
            store.Deliver(order);
            Assert.Equal(["explicit", "explicit", "refused"], new[] { "a", "b", "c" }.Select(name => store.Session(name).Parent!.Resolution));
        }
    }

    [Fact]
    public void A_child_that_names_another_parent_follows_the_last_named_and_the_conflict_stays_visible()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 2, At = 2, Session = "child", ParentHarness = "claude-code", Parent = "second" });
        store.Deliver(new Told { Number = 1, At = 1, Session = "child", ParentHarness = "claude-code", Parent = "first" });

        var child = store.Reader.Session(Organisation.None, "child")!;
        Assert.Equal("second", child.Session.Parent!.HarnessSessionId);
        Assert.Equal(["second", "first"], child.Claims.Select(claim => claim.HarnessSessionId));
        Assert.Equal(2, store.Count("sessions"));
    }

    [Fact]
    public void A_late_delivery_of_an_old_exchange_overwrites_no_newer_field_and_lowers_the_start()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 2, At = 20, Name = "new", Metadata = """{"a":2}""", Subject = "ben" });
        store.Deliver(new Told { Number = 1, At = 10, Name = "old", Cwd = "/home", Metadata = """{"a":1,"b":1}""", Subject = "ann" });

        var session = store.Session("s");
        Assert.Equal(("new", "/home", """{"a":2,"b":1}""", "ann"), (session.Name, session.Cwd, session.Metadata, session.AuthSubject));
        Assert.Equal((Told.Epoch.AddSeconds(10), Told.Epoch.AddSeconds(20)), (session.FirstSeenAt, session.LastSeenAt));
    }

    [Fact]
    public void One_organisation_never_shares_a_session_or_a_parent_with_another()
    {
        const string Other = "11111111-1111-1111-1111-111111111111";
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, Session = "root" },
            new Told { Number = 2, Session = "root", Org = Other },
            new Told { Number = 3, Session = "child", Org = Other, Parent = "root" });

        var sessions = store.Reader.Sessions(Other, new SessionFilter());
        Assert.Equal(2, sessions.Count);
        Assert.Contains(sessions.Single(session => session.HarnessSessionId == "child").ParentSessionId, sessions.Select(session => session.SessionId));
        Assert.Equal(4, store.Count("nodes"));
    }
}

public sealed class SqliteSessionTests() : SessionTests(StoreKind.Sqlite);

public sealed class PostgresSessionTests() : SessionTests(StoreKind.Postgres);
