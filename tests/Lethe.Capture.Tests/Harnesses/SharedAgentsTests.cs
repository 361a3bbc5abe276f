using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Capture.Harnesses;
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
            .Where(request => request.Harness is "claude-code" or "codex" or "opencode" && request.Meaning.Chain is not null && request.Meaning.Turn?.PreviousResponseId is null && !IsTitle(request))
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

    /// <summary>What the headers tell, read here on their own: session, the session above it, and which requests are one call sent again.</summary>
    [Fact]
    public void Every_capture_gives_the_session_the_parent_and_the_attempts_that_its_headers_tell()
    {
        foreach (var capture in RecordedAgent.All.GroupBy(request => (request.Harness, request.Scenario)))
        {
            foreach (var request in capture)
            {
                var (session, parent) = Named(request);
                var envelope = request.Meaning.Envelope;
                Assert.Equal((request.ToString(), session, parent), (request.ToString(), envelope.IdOrigin == SessionIdOrigin.Synthetic ? null : envelope.HarnessSessionId, envelope.ParentHarnessSessionId));
            }

            var sent = capture.Select(request => (Named(request), request.Header("x-claude-code-prompt-id"), request.Exchange.Path, Sorted(request.Exchange.Request.Bytes.Span))).Distinct().Count();
            var calls = capture.Select(request => request.Meaning.RetryKey).Distinct().Count();
            Assert.Equal((capture.Key, sent), (capture.Key, calls));
        }

        output.WriteLine(RecordedAgent.All.Count == 0 ? Absent : $"{RecordedAgent.All.Count} requests");
    }

    [Fact]
    public void Calls_beside_the_conversation_and_of_sub_agents_are_told_apart()
    {
        var kinds = RecordedAgent.All.ToDictionary(request => request.ToString(), request => request.Meaning.Envelope.RequestKind);
        foreach (var (call, kind) in new[]
        {
            ("claude-code claude-hint 1", "main"), ("claude-code claude-hint 3", "sub_agent"), ("claude-code nested-fg 2", "sub_agent"), ("codex plain 1", "main"),
            ("codex subagent-v2 3", "sub_agent"), ("codex websocket 2", "prewarm"), ("codex websocket 3", null), ("gemini plain 1", "router"), ("gemini plain 2", null), ("opencode plain-anthropic 1", "title"),
            ("opencode plain-anthropic 2", null), ("opencode subagent-anthropic 3", "sub_agent"), ("qwen-code qwen24 2", "other"),
        })
        {
            Assert.Equal((call, kinds.Count == 0 ? null : kind), (call, kinds.GetValueOrDefault(call)));
        }
    }

    private static (string? Session, string? Parent) Named(RecordedAgent request)
    {
        switch (request.Harness)
        {
            case "claude-code":
                var root = request.Header("x-claude-code-session-id");
                var (agent, above) = (request.Header("x-claude-code-agent-id"), request.Header("x-claude-code-parent-agent-id"));
                return agent is null ? (root, null) : ($"{root}/{agent}", above is null ? root : $"{root}/{above}");
            case "codex":
                var forked = request.Header("x-codex-turn-metadata") is { } metadata && JsonDocument.Parse(metadata).RootElement.TryGetProperty("forked_from_thread_id", out var from) ? from.GetString() : null;
                return (request.Header("thread-id"), request.Header("x-codex-parent-thread-id") ?? forked);
            case "opencode":
                return (request.Header("x-session-id"), request.Header("x-parent-session-id"));
            default:
                return (null, null);
        }
    }

    // A Rust map may send the same members in another order.
    private static string Sorted(ReadOnlySpan<byte> body) => body.IsEmpty ? "" : Sorted(JsonNode.Parse(body))!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static bool IsTitle(RecordedAgent request) => request.Meaning.Envelope.RequestKind == "title";

    private static void AssertExtends(RecordedAgent earlier, RecordedAgent later)
    {
        var known = earlier.Meaning.Chain!.Nodes.Take(earlier.Meaning.Chain.PromptLength).Select(node => node.Hash).ToList();
        var hashes = later.Meaning.Chain!.Nodes.Take(known.Count).Select(node => node.Hash).ToList();
        var parted = known.Zip(hashes).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(parted == known.Count, $"{earlier} → {later}: parted at {parted} of {known.Count}");
    }
}
