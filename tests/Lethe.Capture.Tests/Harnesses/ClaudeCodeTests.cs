using Lethe.Capture.Harnesses;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class ClaudeCodeTests
{
    private const string Session = "7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c";

    [Fact]
    public void The_main_thread_is_the_session_of_its_header()
    {
        var envelope = Call.Detect($"""
            User-Agent: claude-cli/2.1.329 (external, cli)
            X-Claude-Code-Session-Id: {Session}
            x-claude-code-prompt-id: p-1
            x-claude-code-request-class: main
            """);

        Assert.Equal(("claude-code", "2.1.329", Session), (envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId));
        Assert.Equal(("p-1", "main"), (envelope.PromptId, envelope.RequestKind));
        Assert.Equal(SessionIdOrigin.Harness, envelope.IdOrigin);
        Assert.Null(envelope.ThreadId);
        Assert.Null(envelope.ParentHarnessSessionId);
        Assert.Equal("header:x-claude-code-session-id", envelope.Evidence["harness_session_id"]);
        Assert.Equal("header:user-agent", envelope.Evidence["harness_version"]);
    }

    [Fact]
    public void An_agent_is_a_child_session_of_the_session_it_shares()
    {
        var envelope = Call.Detect($"""
            User-Agent: claude-cli/2.1.329 (external, cli)
            X-Claude-Code-Session-Id: {Session}
            x-claude-code-agent-id: a1
            """);

        Assert.Equal(($"{Session}/a1", "a1"), (envelope.HarnessSessionId, envelope.ThreadId));
        Assert.Equal(("claude-code", Session), (envelope.ParentHarnessId, envelope.ParentHarnessSessionId));
        Assert.Equal("header:x-claude-code-session-id+header:x-claude-code-agent-id", envelope.Evidence["harness_session_id"]);
    }

    [Fact]
    public void An_agents_agent_is_a_child_of_the_agent()
    {
        var envelope = Call.Detect($"""
            X-Claude-Code-Session-Id: {Session}
            x-claude-code-agent-id: a2
            x-claude-code-parent-agent-id: a1
            """);

        Assert.Equal($"{Session}/a2", envelope.HarnessSessionId);
        Assert.Equal($"{Session}/a1", envelope.ParentHarnessSessionId);
        Assert.Equal("header:x-claude-code-parent-agent-id", envelope.Evidence["parent_harness_session_id"]);
    }

    [Theory]
    [InlineData("""user_00aa_account_11111111-1111-4111-8111-111111111111_session_7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c""")]
    [InlineData("""user_00aa_account__session_7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c""")]
    [InlineData("""{\"device_id\":\"00aa\",\"account_uuid\":\"\",\"session_id\":\"7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c\"}""")]
    public void Older_releases_tell_the_session_in_the_body(string userId)
    {
        var envelope = Call.Detect("User-Agent: claude-cli/1.0.100 (external, cli)", $$"""{"metadata":{"user_id":"{{userId}}"} }""");

        Assert.Equal(("claude-code", "1.0.100", Session), (envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId));
        Assert.Equal("body:metadata.user_id", envelope.Evidence["harness_session_id"]);
    }

    [Theory]
    [InlineData("alice@example.org")]
    [InlineData("user_1_session_not-a-uuid")]
    [InlineData("""{\"session_id\":\"7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c\"}""")]
    [InlineData("""{\"device_id\":[],\"account_uuid\":1,\"session_id\":{}}""")]
    public void Another_programs_user_id_is_not_taken_for_a_session(string userId)
    {
        var envelope = Call.Detect("User-Agent: Anthropic/Python 0.97.0", $$"""{"metadata":{"user_id":"{{userId}}"} }""");

        Assert.Equal("sdk:anthropic-python", envelope.HarnessId);
        Assert.Null(envelope.HarnessSessionId);
    }

    [Fact]
    public void A_program_that_borrows_the_user_agent_is_known_by_its_prompt()
    {
        var envelope = Call.Detect(
            """
            User-Agent: claude-cli/2.1.2 (external, cli)
            x-app: cli
            """,
            """{"system":[{"type":"text","text":"You are Claude Code."},{"type":"text","text":"You are an expert coding assistant operating inside pi, a harness."}]}""");

        Assert.Equal("pi", envelope.HarnessId);
        Assert.Equal("inference:system_prompt", envelope.Evidence["harness_id"]);
    }

    [Fact]
    public void An_explicit_id_of_the_whole_run_keeps_its_agents_apart()
    {
        var envelope = Call.Detect($"""
            x-lethe-harness-session-id: job-42
            X-Claude-Code-Session-Id: {Session}
            x-claude-code-agent-id: a1
            """);

        Assert.Equal(("job-42/a1", "job-42"), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId));
        Assert.Equal(SessionIdOrigin.Explicit, envelope.IdOrigin);
    }

    [Fact]
    public void An_explicit_child_with_its_parent_is_taken_at_its_word()
    {
        var envelope = Call.Detect($"""
            x-lethe-harness-session-id: child-7
            x-lethe-parent-harness-session-id: job-42
            X-Claude-Code-Session-Id: {Session}
            x-claude-code-agent-id: a1
            """);

        Assert.Equal(("child-7", "job-42", "a1"), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId, envelope.ThreadId));
        Assert.Null(envelope.ParentHarnessId);
    }

    [Theory]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":"quota"}]}""", "quota")]
    [InlineData("""{"max_tokens":64000,"tools":[],"output_config":{"format":{"type":"json_schema"}},"messages":[]}""", "title")]
    [InlineData("""{"max_tokens":64000,"tools":[{"name":"Bash"}],"output_config":{"format":{"type":"json_schema"}},"messages":[]}""", null)]
    [InlineData("""{"max_tokens":64000,"messages":[]}""", null)]
    [InlineData("""{"messages":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"text","text":"CRITICAL: Respond with TEXT ONLY. Sum up"}]}]}""", "compaction")]
    [InlineData("""{"messages":[{"role":"user","content":"CRITICAL: Respond with TEXT ONLY, please"}]}""", "compaction")]
    [InlineData("""{"messages":[{"role":"user","content":"CRITICAL: Respond with TEXT ONLY"},{"role":"assistant","content":"No"},{"role":"user","content":7}]}""", null)]
    [InlineData("""{"system":[{"text":"x-anthropic-billing-header: cc_version=2.1.100.abc; cc_entrypoint=cli; cc_is_subagent=true;"}],"messages":[{}]}""", "sub_agent")]
    public void A_call_beside_the_conversation_has_a_kind_of_its_own(string body, string? kind) =>
        Assert.Equal(kind, Call.Detect($"User-Agent: claude-cli/2.1.329 (external, cli)\nX-Claude-Code-Session-Id: {Session}", body).RequestKind);
}
