using Lethe.Capture.Harnesses;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class CodexTests
{
    private const string Root = "01a1fd56-0000-7820-aaca-000000000001";
    private const string Child = "01a1fd56-0000-7820-aaca-000000000002";
    private const string Grandchild = "01a1fd56-0000-7820-aaca-000000000003";

    [Fact]
    public void The_root_thread_is_the_session()
    {
        var envelope = Call.Detect(
            $$"""
            session-id: {{Root}}
            thread-id: {{Root}}
            originator: codex_exec
            user-agent: codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)
            x-codex-turn-metadata: {"session_id":"{{Root}}","thread_id":"{{Root}}","turn_id":"t-1","request_kind":"turn","prompt":"my secret plan"}
            """);

        Assert.Equal(("codex", "0.169.0", Root), (envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId));
        Assert.Equal(("t-1", "main"), (envelope.PromptId, envelope.RequestKind));
        Assert.Null(envelope.ThreadId);
        Assert.Null(envelope.ParentHarnessSessionId);
        Assert.DoesNotContain("secret plan", envelope.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-codex-parent-thread-id: " + Child, Child, "header:x-codex-parent-thread-id")]
    [InlineData("x-codex-turn-metadata: {\"parent_thread_id\":\"" + Child + "\"}", Child, "header:x-codex-turn-metadata.parent_thread_id")]
    [InlineData("x-openai-subagent: collab_spawn", Root, "header:session-id")]
    public void Another_thread_is_a_session_below_the_thread_it_names_else_the_root(string header, string parent, string evidence)
    {
        var envelope = Call.Detect(
            $"""
            session-id: {Root}
            thread-id: {Grandchild}
            originator: codex_cli_rs
            {header}
            """);

        Assert.Equal((Grandchild, Grandchild), (envelope.HarnessSessionId, envelope.ThreadId));
        Assert.Equal(("codex", parent), (envelope.ParentHarnessId, envelope.ParentHarnessSessionId));
        Assert.Equal(evidence, envelope.Evidence["parent_harness_session_id"]);
    }

    [Fact]
    public void A_message_in_a_WebSocket_tells_of_itself_and_the_handshake_of_whoever_opened_it()
    {
        var handshake = $$"""
            originator: codex_exec
            session-id: {{Root}}
            thread-id: {{Root}}
            x-codex-turn-metadata: {"session_id":"{{Root}}","thread_id":"{{Root}}","turn_id":"","request_kind":"prewarm"}
            """;
        var warming = Call.Detect(handshake, $$"""{"type":"response.create","generate":false,"client_metadata":{"session_id":"{{Root}}","thread_id":"{{Root}}"} }""");
        var turn = Call.Detect(handshake, $$"""{"type":"response.create","client_metadata":{"session_id":"{{Root}}","thread_id":"{{Root}}","turn_id":"t-2","x-codex-turn-metadata":"{\"request_kind\":\"turn\"}"} }""");
        var child = Call.Detect(handshake, $$"""
            {"type":"response.create","client_metadata":{"session_id":"{{Root}}","thread_id":"{{Grandchild}}","x-codex-parent-thread-id":"{{Child}}",
             "x-codex-turn-metadata":"{\"session_id\":\"{{Root}}\",\"thread_id\":\"{{Grandchild}}\",\"request_kind\":\"turn\"}"} }
            """);
        var silent = Call.Detect(handshake, """{"type":"response.create"}""");

        Assert.Equal(("prewarm", Root), (warming.RequestKind, warming.HarnessSessionId));
        Assert.Equal(("main", Root, "t-2"), (turn.RequestKind, turn.HarnessSessionId, turn.PromptId));
        Assert.Equal(("sub_agent", Grandchild, Child), (child.RequestKind, child.HarnessSessionId, child.ParentHarnessSessionId));
        Assert.Equal((null, Root, null), (silent.RequestKind, silent.HarnessSessionId, silent.ParentHarnessSessionId));
    }

    [Fact]
    public void The_body_tells_it_where_headers_are_missing()
    {
        var envelope = Call.Detect(
            "originator: codex_vscode",
            $$"""
            {"client_metadata":{"x-codex-installation-id":"i","session_id":"{{Root}}","thread_id":"{{Child}}","x-codex-parent-thread-id":"{{Root}}","turn_id":"t-9",
             "x-codex-turn-metadata":"{\"request_kind\":\"prewarm\"}"} }
            """);

        Assert.Equal((Child, Root, "t-9"), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId, envelope.PromptId));
        Assert.Equal("prewarm", envelope.RequestKind);
        Assert.Equal("body:client_metadata.thread_id", envelope.Evidence["harness_session_id"]);
        Assert.Equal("body:client_metadata.x-codex-turn-metadata.request_kind", envelope.Evidence["request_kind"]);
    }

    [Theory]
    [InlineData("session_id")]
    [InlineData("conversation_id")]
    public void Older_releases_have_one_header(string name)
    {
        var envelope = Call.Detect($"""
            originator: codex_cli_rs
            {name}: {Root}
            """);

        Assert.Equal(("codex", Root), (envelope.HarnessId, envelope.HarnessSessionId));
        Assert.Null(envelope.ThreadId);
    }

    [Fact]
    public void A_fork_is_below_the_thread_it_was_forked_from()
    {
        var envelope = Call.Detect(
            $$"""
            session-id: {{Child}}
            thread-id: {{Child}}
            x-codex-turn-metadata: {"history_initialization":"cold_fork","forked_from_thread_id":"{{Root}}"}
            """);

        Assert.Equal((Child, Root, "codex"), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId, envelope.ParentHarnessId));
    }

    [Theory]
    [InlineData("x-codex-parent-thread-id: " + Root, "job-42/" + Grandchild, "job-42")]
    [InlineData("x-codex-parent-thread-id: " + Child, "job-42/" + Grandchild, "job-42/" + Child)]
    [InlineData("x-lethe-parent-harness-session-id: job-1", "job-42", "job-1")]
    [InlineData("x-lethe-thread-id: t-9", "job-42", null)]
    public void An_explicit_id_of_the_whole_run_keeps_its_threads_apart(string header, string session, string? parent)
    {
        var envelope = Call.Detect($"""
            x-lethe-harness-session-id: job-42
            session-id: {Root}
            thread-id: {Grandchild}
            originator: codex_exec
            {header}
            """);

        Assert.Equal((session, parent), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId));
        Assert.Equal(SessionIdOrigin.Explicit, envelope.IdOrigin);
    }

    [Theory]
    [InlineData(Root)]
    [InlineData(Child)]
    public void An_explicit_id_that_repeats_the_harnesss_own_changes_nothing(string session)
    {
        var envelope = Call.Detect($"""
            x-tapes-harness-session-id: {session}
            session-id: {Root}
            thread-id: {Child}
            originator: codex_exec
            """);

        Assert.Equal((Child, Root, Child), (envelope.HarnessSessionId, envelope.ParentHarnessSessionId, envelope.ThreadId));
    }

    [Fact]
    public void A_call_for_memories_is_told_by_a_header_where_nothing_else_tells_its_kind() =>
        Assert.Equal("memory", Call.Detect("originator: codex_cli_rs\nx-openai-memgen-request: true").RequestKind);

    [Fact]
    public void Ids_that_contradict_each_other_are_not_believed()
    {
        var envelope = Call.Detect(
            $$"""
            originator: codex_exec
            session-id: {{Root}}
            thread-id: {{Root}}
            x-codex-turn-metadata: {"session_id":"{{Child}}","thread_id":"{{Root}}"}
            """);

        Assert.Equal("codex", envelope.HarnessId);
        Assert.Null(envelope.HarnessSessionId);
        Assert.Null(envelope.ThreadId);
        Assert.Equal("conflict:header:session-id|header:x-codex-turn-metadata.session_id", envelope.Evidence["harness_session_id"]);
        Assert.Equal(SessionIdOrigin.Synthetic, Call.Detect($$"""
            session-id: {{Root}}
            x-codex-turn-metadata: {"session_id":"{{Child}}"}
            """, chain: Call.Chain(("user", "hi"), ("assistant", "hello"))).IdOrigin);
    }
}
