using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>What real agents sent: who they are, which session each call belongs to, and that later prompts extend earlier ones.</summary>
public sealed class SharedAgentsTests(ITestOutputHelper output)
{
    private const string Absent = "no shared fixtures beside this checkout: nothing was compared";

    [Fact]
    public void Every_agent_is_recognised()
    {
        Assert.All(RecordedAgent.All, request =>
            Assert.Equal(request.Harness == "gemini" ? "gemini-cli" : request.Harness, request.Meaning.Envelope.HarnessId));
        Assert.All(RecordedAgent.All, request => Assert.Contains("harness_id", request.Meaning.Envelope.Evidence.Keys));
        output.WriteLine(RecordedAgent.All.Count == 0 ? Absent : $"{RecordedAgent.All.Count} requests");
    }

    [Fact]
    public void Claude_codes_agents_are_child_sessions()
    {
        foreach (var request in RecordedAgent.All.Where(request => request.Harness == "claude-code"))
        {
            var envelope = request.Meaning.Envelope;
            var session = request.Header("x-claude-code-session-id");
            var agent = request.Header("x-claude-code-agent-id");
            var above = request.Header("x-claude-code-parent-agent-id");
            Assert.Equal("2.1.329", envelope.HarnessVersion);
            Assert.Equal(agent is null ? session : $"{session}/{agent}", envelope.HarnessSessionId);
            Assert.Equal(agent, envelope.ThreadId);
            Assert.Equal(agent is null ? null : above is null ? session : $"{session}/{above}", envelope.ParentHarnessSessionId);
            Assert.Equal(agent is null ? null : "claude-code", envelope.ParentHarnessId);
        }
    }

    [Fact]
    public void Codex_threads_are_sessions_below_the_one_they_name()
    {
        foreach (var request in RecordedAgent.All.Where(request => request.Harness == "codex"))
        {
            var envelope = request.Meaning.Envelope;
            var isRoot = request.Header("thread-id") == request.Header("session-id");
            Assert.Equal("0.169.0", envelope.HarnessVersion);
            Assert.Equal(request.Header("thread-id"), envelope.HarnessSessionId);
            Assert.Equal(isRoot ? null : request.Header("thread-id"), envelope.ThreadId);
            if (request.Scenario != "fork")
            {
                Assert.Equal(request.Header("x-codex-parent-thread-id"), envelope.ParentHarnessSessionId);
            }
        }

        foreach (var fork in RecordedAgent.Of("codex", "fork"))
        {
            Assert.Equal(RecordedAgent.Of("codex", "plain")[0].Header("session-id"), fork.Meaning.Envelope.ParentHarnessSessionId);
        }
    }

    [Fact]
    public void Opencode_names_session_and_parent_in_headers()
    {
        foreach (var request in RecordedAgent.All.Where(request => request.Harness == "opencode"))
        {
            var envelope = request.Meaning.Envelope;
            Assert.Equal(request.Header("x-session-id"), envelope.HarnessSessionId);
            Assert.Equal(request.Header("x-parent-session-id"), envelope.ParentHarnessSessionId);
        }
    }

    [Fact]
    public void Agents_without_a_session_id_get_none_before_the_first_answer() => Assert.All(
        RecordedAgent.All.Where(request => request.Harness is "pi" or "continue" or "copilot-cli" && request.Number == 1),
        request => Assert.Null(request.Meaning.Envelope.HarnessSessionId));

    [Fact]
    public void Every_later_prompt_extends_the_earlier_ones_chain()
    {
        var pairs = 0;
        var conversations = RecordedAgent.All
            .Where(request => request.Harness is "claude-code" or "codex" or "opencode" && request.Meaning.Chain is not null && !IsTitle(request))
            .GroupBy(request => (request.Harness, request.Scenario, request.Meaning.Envelope.HarnessSessionId));
        foreach (var conversation in conversations)
        {
            foreach (var (earlier, later) in conversation.Zip(conversation.Skip(1)))
            {
                AssertExtends(earlier, later);
                pairs++;
            }
        }

        output.WriteLine(pairs == 0 ? Absent : $"{pairs} pairs");
        Assert.True(pairs is 0 or >= 30);
    }

    [Theory]
    [InlineData("claude-code", "plain", "resume", "fork")]
    [InlineData("codex", "plain", "resume", "fork")]
    [InlineData("opencode", "plain-anthropic", "continue", "fork")]
    public void A_resumed_and_a_forked_conversation_extend_the_first_ones_chain(string harness, params string[] scenarios)
    {
        var conversation = scenarios.SelectMany(scenario => RecordedAgent.Of(harness, scenario)).Where(request => !IsTitle(request)).ToList();
        output.WriteLine(conversation.Count == 0 ? Absent : $"{conversation.Count} requests");
        foreach (var (earlier, later) in conversation.Zip(conversation.Skip(1)))
        {
            AssertExtends(earlier, later);
        }
    }

    [Theory]
    [InlineData("claude-code", "retry")]
    [InlineData("claude-code", "claude-500")]
    [InlineData("claude-code", "claude-529")]
    [InlineData("claude-code", "claude-cut")]
    [InlineData("codex", "retry")]
    [InlineData("codex", "codex-500")]
    [InlineData("codex", "codex-cut")]
    public void Requests_sent_again_have_one_key(string harness, string scenario)
    {
        var keys = RecordedAgent.Of(harness, scenario).Select(request => request.Meaning.RetryKey).ToList();
        output.WriteLine(keys.Count == 0 ? Absent : $"{keys.Count} requests");
        Assert.True(keys.Distinct().Count() == Math.Min(1, keys.Count));
    }

    [Fact]
    public void Different_requests_have_different_keys()
    {
        var different = RecordedAgent.All.Where(request => request.Scenario is "subagents2" or "nested-fg" or "subagent-v2" or "tool").ToList();
        Assert.Equal(different.Count, different.Select(request => request.Meaning.RetryKey).Distinct().Count());
    }

    private static bool IsTitle(RecordedAgent request) => request.Meaning.Envelope.RequestKind == "title";

    private static void AssertExtends(RecordedAgent earlier, RecordedAgent later)
    {
        var known = earlier.Meaning.Chain!.Nodes.Take(earlier.Meaning.Chain.PromptLength).Select(node => node.Hash).ToList();
        var hashes = later.Meaning.Chain!.Nodes.Take(known.Count).Select(node => node.Hash).ToList();
        var parted = known.Zip(hashes).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(parted == known.Count, $"{earlier} → {later}: parted at {parted} of {known.Count}");
    }
}
