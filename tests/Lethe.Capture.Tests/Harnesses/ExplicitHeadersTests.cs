using System.Buffers.Text;
using System.Text;
using Lethe.Capture.Harnesses;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class ExplicitHeadersTests
{
    [Fact]
    public void Every_field_can_be_said_out_loud()
    {
        var envelope = Call.Detect("""
            x-lethe-harness-id: my-agent
            x-lethe-harness-session-id: s-2
            x-lethe-harness-version: 0.3
            x-lethe-parent-harness-id: claude-code
            x-lethe-parent-harness-session-id: s-1
            x-lethe-thread-id: t
            x-lethe-cwd: /home/dev/%E6%9D%BE+1
            x-lethe-session-name: fix%20the%20roof
            x-lethe-metadata: eyJhIjoxfQ
            User-Agent: claude-cli/2.1.0 (external, cli)
            """);

        Assert.Equal(("my-agent", "0.3", "s-2"), (envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId));
        Assert.Equal(("claude-code", "s-1"), (envelope.ParentHarnessId, envelope.ParentHarnessSessionId));
        Assert.Equal(("t", "/home/dev/松+1", "fix the roof", """{"a":1}"""), (envelope.ThreadId, envelope.Cwd, envelope.Name, envelope.MetadataJson));
        Assert.Equal(SessionIdOrigin.Explicit, envelope.IdOrigin);
        Assert.Equal("header:x-lethe-harness-session-id", envelope.Evidence["harness_session_id"]);
        Assert.Equal("header:x-lethe-cwd", envelope.Evidence["cwd"]);
    }

    [Fact]
    public void Our_own_headers_win_over_those_of_tapes() => Assert.Equal("ours", Call.Detect("""
        x-tapes-harness-session-id: theirs
        x-lethe-harness-session-id: ours
        """).HarnessSessionId);

    [Fact]
    public void A_parent_without_a_harness_names_none()
    {
        var envelope = Call.Detect("""
            x-tapes-harness-id: codex
            x-tapes-harness-session-id: s-2
            x-tapes-parent-harness-session-id: s-1
            """);
        Assert.Equal("s-1", envelope.ParentHarnessSessionId);
        Assert.Null(envelope.ParentHarnessId);
    }

    [Fact]
    public void A_parent_in_another_harness_may_have_the_childs_own_id()
    {
        var envelope = Call.Detect("""
            x-lethe-harness-id: codex
            x-lethe-harness-session-id: s-1
            x-lethe-parent-harness-id: claude-code
            x-lethe-parent-harness-session-id: s-1
            """);
        Assert.Equal(("claude-code", "s-1"), (envelope.ParentHarnessId, envelope.ParentHarnessSessionId));
    }

    [Fact]
    public void A_harness_that_names_a_session_its_own_parent_names_none() => Assert.Null(Call.Detect("""
        User-Agent: opencode/1.18.33
        x-session-id: ses_1
        x-parent-session-id: ses_1
        """).ParentHarnessSessionId);

    [Fact]
    public void What_the_harness_says_itself_fills_the_gaps()
    {
        var envelope = Call.Detect("""
            x-lethe-session-name: nightly
            User-Agent: opencode/1.18.33
            x-session-id: ses_1
            """);
        Assert.Equal(("opencode", "ses_1", "nightly"), (envelope.HarnessId, envelope.HarnessSessionId, envelope.Name));
        Assert.Equal(SessionIdOrigin.Harness, envelope.IdOrigin);
    }

    [Theory]
    [InlineData("%zz", "%zz")]
    [InlineData("a%2", "a%2")]
    [InlineData("%ff%fe", "%ff%fe")]
    [InlineData("a%0Ab", null)]
    [InlineData("a%7fb", null)]
    public void A_path_that_is_not_well_encoded_stays_as_it_came_and_controls_refuse_it(string value, string? expected) =>
        Assert.Equal(expected, Call.Detect("x-lethe-cwd: " + value).Cwd);

    [Fact]
    public void A_long_name_is_cut_between_letters()
    {
        var name = Call.Detect("x-lethe-session-name: " + string.Concat(Enumerable.Repeat("%E0%B8%81", 100))).Name!;
        Assert.Equal(new string('ก', 85), name);
    }

    [Fact]
    public void Metadata_is_dropped_when_it_is_no_object_or_too_much()
    {
        Assert.Null(Metadata("[1,2]"));
        Assert.Null(Metadata("{\"a\":"));
        Assert.Null(Metadata($$"""{"a":"{{new string('x', WireLimits.MetadataBytesMax)}}"}"""));
        Assert.NotNull(Metadata($$"""{"a":"{{new string('x', 3060)}}"}"""));
        Assert.Null(Metadata($$"""{"a":"{{new string('x', 3060)}}"}""", "x-lethe-cwd: /" + new string('y', 4090)));
    }

    private static string? Metadata(string json, string more = "") =>
        Call.Detect($"x-lethe-metadata: {Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json))}\n{more}").MetadataJson;
}
