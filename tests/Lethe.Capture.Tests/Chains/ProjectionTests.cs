using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Chains;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Chains;

public sealed class ProjectionTests
{
    [Theory]
    [InlineData("as it is", "as it is")]
    [InlineData("  a  \t\r\n\r\n\n  b \n", "a\n  b")]
    [InlineData("a<system-reminder>x</system-reminder>b<system-reminder>y</system-reminder>c", "abc")]
    [InlineData("a<system-reminder>x", "a")]
    [InlineData("a</system-reminder>b", "a</system-reminder>b")]
    [InlineData("a<system-reminder kind=1>b</system-reminder>", "a<system-reminder kind=1>b</system-reminder>")]
    [InlineData("a<system-<system-reminder>x</system-reminder>reminder>y</system-reminder>b", "ab")]
    [InlineData("<status>ok</status>", "<status>ok</status>")]
    [InlineData("\u00a0a\u2028", "a")]
    [InlineData("a\r\r\nb", "a\r\nb")]
    public void Texts_lose_what_harnesses_rewrite(string text, string expected) => Assert.Equal(expected, Projection.V1.Project(text));

    [Fact]
    public void The_second_version_strips_more_tags()
    {
        Assert.Equal("a", Projection.V2.Project("<status>ok</status>\na<environment_context>\n<cwd>/x</cwd></environment_context>"));
        Assert.Equal("", Projection.V2.Project("<summary>"));
    }

    [Fact]
    public void Projecting_agrees_with_the_rule_spelled_out_in_patterns()
    {
        string[] pieces = ["<system-reminder>", "</system-reminder>", "<system-", "reminder>", "<command-name>", "</command-name>", "\r\n", "\n", " ", "\t", "\r", "x", "\u00a0"];
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), picks =>
        {
            var text = string.Concat(picks.Select(pick => pieces[(int)((uint)pick % pieces.Length)]));
            return Projection.V1.Project(text) == SpelledOut(text);
        }));
    }

    [Fact]
    public void A_long_text_of_nothing_but_tags_is_projected_in_passing()
    {
        var text = new StringBuilder().Insert(0, "<system-reminder></system-reminder>a \r\n", 100_000).ToString();
        Assert.Equal((2 * 100_000) - 1, Projection.V1.Project(text).Length);
    }

    [Fact]
    public void A_text_without_a_canonical_form_is_addressed_by_its_bytes()
    {
        var bad = new Message("user", [new Block { Type = "text", Text = "\ud800" }], "{\"raw\":1}"u8.ToArray());
        var other = bad with { Raw = "{\"raw\":2}"u8.ToArray() };
        var good = new Message("assistant", [new Block { Type = "text", Text = "ok" }], default);

        var chain = Build(bad, good);
        Assert.Equal(2, chain.Nodes.Count);
        Assert.Equal(chain.Root, Build(bad).Root);
        Assert.NotEqual(chain.Root, Build(other).Root);
        Assert.NotEqual(chain.Leaf, Build(other, good).Leaf);
        Assert.Equal(Build(good, good).Root, Build(good).Root);
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":1e999}")]
    public void A_tool_input_without_a_canonical_form_is_survived(string input)
    {
        var use = new Message("assistant", [new Block { Type = "tool_use", ToolName = "t", ToolInputJson = input }], Encoding.UTF8.GetBytes(input));
        Assert.NotNull(Build(use).Root);
    }

    [Fact]
    public void A_cache_mark_that_moves_does_not_change_the_address()
    {
        static Message Of(string json) => new("user", [new Block { Type = "server_tool_use", ContentJson = json }], default);
        Assert.Equal(Build(Of("""{"id":"x","cache_control":{"type":"ephemeral"}}""")).Root, Build(Of("""{"id":"x"}""")).Root);
        Assert.NotEqual(Build(Of("""{"id":"y"}""")).Root, Build(Of("""{"id":"x"}""")).Root);
    }

    [Fact]
    public void Nothing_said_is_no_chain() =>
        Assert.Null(ChainBuilder.Build(new Turn { Provider = "openai", Endpoint = "embeddings", Operation = Operation.Embeddings }));

    private static Chain Build(params Message[] messages) => ChainBuilder.Build(
        new Turn { Provider = "anthropic", Endpoint = "messages", Operation = Operation.Chat, Prompt = messages })!;

    private static string SpelledOut(string text)
    {
        foreach (var tag in (string[])["system-reminder", "command-name"])
        {
            for (var start = text.IndexOf($"<{tag}>", StringComparison.Ordinal); start >= 0; start = text.IndexOf($"<{tag}>", StringComparison.Ordinal))
            {
                var end = text.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
                text = end < 0 ? text[..start] : text[..start] + text[(end + tag.Length + 3)..];
            }
        }

        text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return Regex.Replace(Regex.Replace(text, "[ \t]+\n", "\n"), "\n{2,}", "\n").Trim();
    }
}
