using Lethe.Proxy.Exec;

namespace Lethe.Proxy.Tests.Exec;

public sealed class TomlTextTests
{
    [Fact]
    public void String_values_are_found_by_their_dotted_keys()
    {
        var values = TomlText.Strings("""
            plain = "one" # a comment
            'quoted' = 'C:\two'
            escaped = "a \"b\" # c"
            number = 5
            list = ["x", "y"]
            a.b = "dotted"
            text = '''
            plain = "not this one"
            '''
            [ table . inner ]
            key = "three"
            [table."with.dot"]
            key = "four"
            [[array]]
            key = "five"
            [last]
            unclosed = "six
            key = "seven"
            """);

        Assert.Equal("one", values["plain"]);
        Assert.Equal(@"C:\two", values["quoted"]);
        Assert.Equal("a \"b\" # c", values["escaped"]);
        Assert.Equal("dotted", values["a.b"]);
        Assert.Equal("three", values["table.inner.key"]);
        Assert.Equal("four", values["table.with.dot.key"]);
        Assert.Equal("seven", values["last.key"]);
        Assert.DoesNotContain("number", values.Keys);
        Assert.DoesNotContain("array.key", values.Keys);
        Assert.DoesNotContain("last.unclosed", values.Keys);
    }

    [Theory]
    [InlineData("\"quoted\"", "quoted")]
    [InlineData("bare", "bare")]
    [InlineData(" https://x/v1 ", "https://x/v1")]
    public void An_options_value_may_lack_its_quotes(string given, string value) => Assert.Equal(value, TomlText.Value(given));

    [Fact]
    public void No_file_has_no_values() => Assert.Empty(TomlText.Strings(null));
}
