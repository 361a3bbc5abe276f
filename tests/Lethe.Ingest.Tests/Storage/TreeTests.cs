using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Sessions below sessions, what went wrong in each, and what they are listed by: the same in every store.</summary>
public abstract class TreeTests(StoreKind kind)
{
    private static readonly Told[] Family =
    [
        new() { Number = 1, At = 0, Session = "root", Cwd = "/a", System = "one", Cost = 5, CacheRead = 0, CacheWrite = 50 },
        new() { Number = 2, At = 10, Session = "child", ParentHarness = "claude-code", Parent = "root", Prompt = ["child"], Calls = ["c1"], Cost = 100 },
        new() { Number = 3, At = 20, Session = "child", ParentHarness = "claude-code", Parent = "root", Prompt = ["child", "> hello", "!c1"], Answers = ["c1"], AnswersFail = true, Outcome = Outcome.Incomplete },
        new() { Number = 4, At = 30, Session = "grandchild", ParentHarness = "claude-code", Parent = "child", Prompt = ["grand"], Reply = null, Outcome = Outcome.UpstreamError, Cost = null },
        new() { Number = 5, At = 40, Session = "lone", Prompt = ["lone"], Harness = "codex", Cwd = "/b", Cost = 50, Model = "m-2", RequestKind = "title", Reply = "What it is" },
        new() { Number = 6, At = 50, Session = "lone", Prompt = ["lone again"], Harness = "codex", Cwd = "/b", Cost = 10, Model = "m-2", System = "one" },
    ];

    [Fact]
    public void All_that_hangs_below_is_found_and_what_went_wrong_in_each()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Family);
        var root = store.Session("root");

        Assert.Equal(["child", "grandchild"], store.Reader.SessionsBelow(Organisation.None, [root.SessionId]).Select(session => session.HarnessSessionId));
        Assert.Empty(store.Reader.SessionsBelow(Hostile.Orgs[1], [root.SessionId]));
        var signs = store.Reader.Signs(Organisation.None, store.Sessions());
        var (child, grandchild, lone) = (signs[store.Session("child").SessionId], signs[store.Session("grandchild").SessionId], signs[store.Session("lone", "codex").SessionId]);
        Assert.Equal((0, 1, 1, false), (child.Refused, child.Cut, child.FailedTools, child.EndsFailed));
        Assert.Equal((1, 0, 0, true), (grandchild.Refused, grandchild.Cut, grandchild.FailedTools, grandchild.EndsFailed));
        Assert.Equal(("What it is", true, false), (lone.TitleReply, lone.EndsSaid, lone.EndsFailed));
        Assert.Equal("c1", Assert.Single(store.Reader.AskedTools(Organisation.None, [store.Session("child").SessionId])).CallId);
    }

    [Fact]
    public void A_tool_s_uses_are_told_with_what_became_of_each()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Family);
        var asked = Assert.Single(store.Reader.AskedTools(Organisation.None, [store.Session("child").SessionId]));
        var use = Assert.Single(store.Reader.ToolUses(Organisation.None, asked.Name!, null, "claude-code", 10));
        Assert.Equal(("c1", store.Session("child").SessionId, asked.ExchangeId, "error"), (use.CallId, use.SessionId, use.AskedBy, use.Status));
        Assert.NotNull(use.AnsweredBy);
        Assert.Empty(store.Reader.ToolUses(Organisation.None, asked.Name!, null, "codex", 10));
        Assert.Empty(store.Reader.ToolUses(Organisation.None, asked.Name!, Told.Epoch.AddHours(1), null, 10));
        Assert.Empty(store.Reader.ToolUses(Hostile.Orgs[1], asked.Name!, null, null, 10));
    }

    [Theory]
    [InlineData(SessionSort.Cost, "root lone")]
    [InlineData(SessionSort.Turns, "root lone")]
    [InlineData(SessionSort.Last, "lone root")]
    [InlineData(SessionSort.Started, "lone root")]
    public void Roots_are_listed_by_the_sums_of_their_trees(SessionSort sort, string expected)
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Family);
        var roots = store.Reader.Sessions(Organisation.None, new SessionFilter { RootsAlone = true, Sort = sort });

        Assert.Equal(expected, string.Join(' ', roots.Select(session => session.HarnessSessionId)));
    }

    [Fact]
    public void Facets_filters_and_prompts_count_what_is_there()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Family);
        var facets = store.Reader.Facets(Organisation.None, new SessionFilter());

        Assert.Equal(2, facets.Sessions);
        Assert.Equal([("claude-code", 1L), ("codex", 1)], facets.Harnesses.Select(facet => (facet.Value, facet.Count)));
        Assert.Equal([("/a", 1L), ("/b", 1)], facets.Projects.Select(facet => (facet.Value, facet.Count)));
        Assert.Equal([("m-1", 1L), ("m-2", 1)], facets.Models.Select(facet => (facet.Value, facet.Count)));
        Assert.Equal("lone", Assert.Single(store.Reader.Sessions(Organisation.None, new SessionFilter { Model = "m-2" })).HarnessSessionId);

        var uses = store.Reader.PromptUses(Organisation.None, PromptPart.System, null, null);
        Assert.Equal([("codex", 1L, 1), ("claude-code", 1, 1)], uses.Select(use => (use.HarnessId, use.Calls, use.Sessions.Count)));
        Assert.Single(uses.Select(use => use.Hash).Distinct());
        Assert.Empty(store.Reader.PromptUses(Organisation.None, PromptPart.System, Told.Epoch.AddHours(1), null));
        Assert.Empty(store.Reader.PromptUses(Hostile.Orgs[1], PromptPart.System, null, null));
    }

    [Fact]
    public void A_cache_that_was_lost_is_counted_where_its_verdict_says_so()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, Input = 10, CacheRead = 0, CacheWrite = 5000, System = "one", CacheMarks = "system:5m" },
            new Told { Number = 2, At = 5, Prompt = ["hi", "> hello", "more"], CacheRead = 5000, CacheWrite = 100, System = "one", CacheMarks = "system:5m" },
            new Told { Number = 3, At = 10, Prompt = ["hi", "> hello", "more", "> hello", "again"], CacheRead = 0, CacheWrite = 5200, System = "two", CacheMarks = "system:5m" });

        Assert.Equal(1, store.Reader.Signs(Organisation.None, store.Sessions())[store.Session("s").SessionId].Rebuilt);
    }
}

public sealed class SqliteTreeTests() : TreeTests(StoreKind.Sqlite);

public sealed class PostgresTreeTests() : TreeTests(StoreKind.Postgres);
