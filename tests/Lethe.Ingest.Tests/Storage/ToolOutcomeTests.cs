using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What became of tool calls, and how long that took.</summary>
public abstract class ToolOutcomeTests(StoreKind kind)
{
    [Fact]
    public void A_tools_time_is_from_the_end_of_the_answer_to_the_request_that_tells_its_outcome()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, At = 1, Seconds = 2, Calls = ["a", "b"] },
            new Told { Number = 2, At = 4.5, Answers = ["a", "b"], Prompt = ["hi", "> hello", "done"] });

        Assert.Equal([new ToolResultRecord("a", "ok", 1500), new ToolResultRecord("b", "ok", 1500)], store.Records()[1].ToolResults);
        Assert.Empty(store.Records()[0].ToolResults);
        var tools = Tools(store);
        Assert.Equal([("a", "ok", 1500, 2), ("b", "ok", 1500, 2)], tools.Select(tool => (tool.CallId, tool.Status, tool.LatencyMs, tool.Parallel)));
        Assert.All(tools, tool => Assert.Equal(64, tool.ArgumentsSha256!.Length));
    }

    [Fact]
    public void A_request_that_tells_an_outcome_again_did_not_bring_it()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 3, At = 3, Answers = ["a"] },
            new Told { Number = 2, At = 2, Answers = ["a"] },
            new Told { Number = 1, At = 1, Seconds = 0.5, Calls = ["a"] });

        Assert.Equal([0, 1, 0], store.Records().Select(record => record.ToolResults.Count));
        Assert.Equal(500, store.Records()[1].ToolResults[0].LatencyMs);
    }

    [Theory]
    [InlineData("done", false, "ok")]
    [InlineData("no such file", true, "error")]
    [InlineData("[Request interrupted by user for tool use]", true, "cancelled")]
    [InlineData("The user doesn't want to proceed with this tool use. The tool use was rejected.", true, "cancelled")]
    [InlineData("aborted", false, "cancelled")]
    [InlineData("Tool execution aborted", true, "cancelled")]
    [InlineData("The build was aborted by a timer", true, "error")]
    public void A_call_that_was_stopped_or_not_allowed_is_cancelled_not_failed(string output, bool fails, string status)
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, At = 1, Calls = ["a"] }, new Told { Number = 2, At = 2, Answers = ["a"], AnswersFail = fails, ToolOutput = output });
        store.Reopen();

        Assert.Equal(status, Assert.Single(store.Records()[1].ToolResults).Status);
        Assert.Equal(status, Assert.Single(Tools(store)).Status);
    }

    [Fact]
    public void A_call_that_nobody_answered_waits_and_is_an_orphan_once_the_conversation_went_on()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, At = 1, Calls = ["a"] });
        Assert.Equal(("pending", null), Single(store));

        store.Deliver(new Told { Number = 2, At = 2, Prompt = ["hi", "> hello", "never mind"] });
        Assert.Equal(("orphaned", null), Single(store));
    }

    [Fact]
    public void An_outcome_whose_call_was_never_seen_has_no_time()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, At = 1, Answers = ["a"], AnswersFail = true });
        Assert.Equal([new ToolResultRecord("a", "error", null)], store.Records()[0].ToolResults);
    }

    private static (string, double?) Single(TestStore store) => Tools(store) is [var tool] ? (tool.Status, tool.LatencyMs) : ("none", null);

    private static List<ToolCallOutcome> Tools(TestStore store) =>
        [.. store.Reader.Conversation(Organisation.None, store.Session("s").SessionId).SelectMany(turn => turn.Tools)];
}

public sealed class SqliteToolOutcomeTests() : ToolOutcomeTests(StoreKind.Sqlite);

public sealed class PostgresToolOutcomeTests() : ToolOutcomeTests(StoreKind.Postgres);
