using Lethe.Capture.Harnesses;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class SyntheticSessionTests
{
    [Fact]
    public void A_conversation_keeps_the_id_of_its_first_answer()
    {
        var first = Call.Detect("", chain: Call.Chain(("system", "be kind"), ("user", "hi"), ("assistant", "hello")));
        var later = Call.Detect("", chain: Call.Chain(("system", "be kind"), ("user", "hi"), ("assistant", "hello"), ("user", "and?"), ("assistant", "bye")));

        Assert.Equal(first.HarnessSessionId, later.HarnessSessionId);
        Assert.Equal(32, first.HarnessSessionId!.Length);
        Assert.Equal(SessionIdOrigin.Synthetic, first.IdOrigin);
        Assert.Equal("inference:first_answer", first.Evidence["harness_session_id"]);
    }

    [Fact]
    public void Two_conversations_that_open_alike_are_two_sessions()
    {
        var one = Call.Detect("", chain: Call.Chain(("system", "be kind"), ("user", "hi"), ("assistant", "hello")));
        var other = Call.Detect("", chain: Call.Chain(("system", "be kind"), ("user", "hi"), ("assistant", "good day")));
        Assert.NotEqual(one.HarnessSessionId, other.HarnessSessionId);
    }

    [Fact]
    public void Two_credentials_never_share_a_session()
    {
        var chain = Call.Chain(("user", "hi"), ("assistant", "hello"));
        var one = Call.Detect(Call.Exchange("") with { CredentialFingerprint = "aa" }, chain);
        var other = Call.Detect(Call.Exchange("") with { CredentialFingerprint = "bb" }, chain);
        Assert.NotEqual(one.HarnessSessionId, other.HarnessSessionId);
    }

    [Fact]
    public void Without_an_answer_there_is_no_session_yet() =>
        Assert.Null(Call.Detect("", chain: Call.Chain(("system", "be kind"), ("user", "hi"))).HarnessSessionId);
}
