using FsCheck;
using FsCheck.Fluent;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class RawTargetTests
{
    private const string TargetCharacters = "abcXYZ019/%2F?&=+.:;@!~*'(),-_[]";

    [Fact]
    public void Whatever_follows_the_prefix_comes_out_as_it_went_in()
    {
        var rest = Gen.Elements(TargetCharacters.ToCharArray()).ArrayOf().Select(characters => "/" + new string(characters));

        Prop.ForAll(rest.ToArbitrary(), target =>
                RawTarget.WithoutPrefix("/Anthropic" + target, "/anthropic") == target
                && RawTarget.WithoutPrefix(target, "") == target
                && RawTarget.WithoutPrefix("http://lethe:1/anthropic" + target, "/anthropic") == target
                && string.Concat(RawTarget.Split(target).Path, RawTarget.Split(target).Query) == target)
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("/anthropics/v1", null)]
    [InlineData("/anthropic", "/")]
    [InlineData("/anthropic?a", "/?a")]
    [InlineData("*", null)]
    public void Only_a_whole_segment_is_a_prefix(string target, string? rest) => Assert.Equal(rest, RawTarget.WithoutPrefix(target, "/anthropic"));
}
