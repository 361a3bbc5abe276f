namespace Lethe.Capture.Tests.Harnesses;

public sealed class WorkingDirectoryTests
{
    private const string Claude = "User-Agent: claude-cli/2.1.329 (external, cli)";
    private const string Codex = "originator: codex_exec";

    [Theory]
    [InlineData(Claude, """{"messages":[{"role":"user","content":"hi"},{"role":"system","content":[{"type":"text","text":"# Environment\n - Primary working directory: /home/dev/r\u00f4ti\n - more"}]}]}""", "/home/dev/rôti")]
    [InlineData(Claude, """{"system":[{"type":"text","text":"<env>\nWorking directory: /home/dev/x\nPlatform: linux"}]}""", "/home/dev/x")]
    [InlineData("User-Agent: opencode/1.2", """{"messages":[{"role":"system","content":"<env>\n  Working directory: C:\\src\\x\n"}]}""", @"C:\src\x")]
    [InlineData(Codex, """{"input":[{"role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/y</cwd>\n"}]}]}""", "/home/dev/y")]
    [InlineData(Codex, """{"input":[{"role":"user","content":"my <cwd>/etc</cwd> and Working directory: /etc\n"}]}""", null)]
    [InlineData(Claude, """{"messages":[{"role":"user","content":"Working directory: /etc\n"}]}""", null)]
    [InlineData(Claude, """{"system":"Working directory: /a\u0007b\n"}""", null)]
    [InlineData(Claude, """{"system":"Working directory: \ud800\n"}""", null)]
    [InlineData(Claude, """{"system":"Working directory: /never ended"}""", null)]
    [InlineData("User-Agent: curl/8", """{"system":"Working directory: /x\n"}""", null)]
    public void The_harnesss_own_words_tell_it(string headers, string body, string? expected) =>
        Assert.Equal(expected, Call.Detect(headers, body).Cwd);

    [Fact]
    public void A_header_is_believed_before_words()
    {
        var envelope = Call.Detect($"""
            {Claude}
            x-lethe-cwd: /said
            """, """{"system":"Working directory: /told\n"}""");
        Assert.Equal(("/said", "header:x-lethe-cwd"), (envelope.Cwd, envelope.Evidence["cwd"]));
    }

    [Fact]
    public void The_kind_of_an_agent_names_its_session()
    {
        Assert.Equal("explorer", Call.Detect("""
            x-claude-code-session-id: s
            x-claude-code-agent-id: a
            x-claude-code-agent-type: explorer
            """).Name);
        Assert.Equal("/root/job_1", Call.Detect("""
            session-id: s
            thread-id: t
            x-codex-turn-metadata: {"agent_name":"/root/job_1"}
            """).Name);
    }
}
