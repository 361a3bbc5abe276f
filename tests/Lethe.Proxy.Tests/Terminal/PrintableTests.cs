using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Tests.Terminal;

/// <summary>What was captured is hostile: on a terminal it is text, and reads as what it is.</summary>
public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain\ntext", "plain\ntext")]
    [InlineData("naïve 松 👍🏽 é", "naïve 松 👍🏽 é")]
    [InlineData("\u001b[31mred\u001b]0;title\u0007", " [31mred ]0;title ")]
    [InlineData("over\rwritten\ttab\0\u009b2J", "over written tab  2J")]
    [InlineData("if (admin\u202e \u2066// check\u2069 \u2066) {", "if (admin\\u202E \\u2066// check\\u2069 \\u2066) {")]
    [InlineData("a\u200eb\u200fc\u061cd", "a\\u200Eb\\u200Fc\\u061Cd")]
    [InlineData("pay\u200bpal\u200c\u200d\u2060\ufeff\u00ad.com", "paypal.com")]
    [InlineData("tag \U000E0041\U000E0042 end", "tag  end")]
    [InlineData("line\u2028para\u2029", "line para ")]
    public void Nothing_in_it_commands_or_deceives(string text, string printable) => Assert.Equal(printable, Printable.Of(text));

    [Fact]
    public void Half_a_character_is_told_as_one_that_is_none() => Assert.Equal("half \ufffd and \ufffd", Printable.Of("half \ud83d and \ude00"));

    [Fact]
    public void Whatever_a_verb_writes_to_its_output_is_made_printable()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var writer = new PrintableWriter(output))
        {
            writer.Write("a\u001b");
            writer.Write('\u001b');
            writer.Write(['b', '\u202e']);
            writer.Write(new System.Text.StringBuilder("c\u200b"));
            writer.Write("{0}", "\u0007");
            writer.WriteLine("d\u001b[0m");
            writer.WriteLine();
        }

        Assert.Equal("a  b\\u202Ec d [0m\n\n", output.ToString());
    }

    [Fact]
    public void Whatever_is_printed_with_a_style_is_made_printable_too()
    {
        using var output = new StringWriter();
        var console = TerminalConsole.On(new PrintableWriter(output));

        console.Write(new Text("a\u001b[2J\u202eb\u200b", new Style(Color.Red)));
        console.WriteLine();
        var table = new Table().NoBorder().AddColumn(new TableColumn(new Text("h\u001b")));
        console.Write(table.AddRow(new Text("cell\u0007")));

        Assert.DoesNotContain(output.ToString(), character => char.IsControl(character) && character is not '\n' and not '\r');
        Assert.Contains("a [2J\\u202Eb", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ab\ncd", 10, "ab cd")]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("ab👍cd", 4, "ab…")]
    public void A_line_is_one_line_and_cut_between_characters(string text, int columns, string line) => Assert.Equal(line, Format.OneLine(text, columns));
}
