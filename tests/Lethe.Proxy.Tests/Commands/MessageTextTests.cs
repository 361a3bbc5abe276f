using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Proxy.Commands;

namespace Lethe.Proxy.Tests.Commands;

/// <summary>A message can have any shape: a reading command shows it, and never ends for it.</summary>
public sealed class MessageTextTests
{
    private static readonly string[] Names =
        ["type", "name", "content", "parts", "tool_calls", "function", "arguments", "input", "output", "text", "thinking", "reasoning_content", "role", "", "\\ud800"];

    private static readonly string[] Words =
        ["tool_use", "server_tool_use", "function_call", "custom_tool_call", "function", "tool_result", "function_call_output", "custom_tool_call_output", "thinking", "text", "x", "\\ud83d", "\\u0000"];

    [Theory]
    [InlineData("""{"type":"function","function":"x"}""", """[function] {"type":"function","function":"x"}""")]
    [InlineData("""{"type":"function","function":{"name":5,"arguments":{"a":1}}}""", """→ tool {"a":1}""")]
    [InlineData("""{"type":"function"}""", """[function] {"type":"function"}""")]
    [InlineData("""{"tool_calls":[{"type":"function","function":{"name":"Bash","arguments":"{}"}}]}""", "→ Bash {}")]
    [InlineData("""{"content":[{"type":"tool_result","content":7}]}""", "← 7")]
    [InlineData("""{"type":["tool_use"],"text":"t"}""", "t")]
    [InlineData("""{"content":null}""", "")]
    [InlineData("""{"parts":[{"functionCall":{"name":"ls","args":{"a":1}}},{"functionResponse":{"response":{"b":2}}}]}""", """
        → ls {"a":1}
        ← {"b":2}
        """)]
    [InlineData("""{"content":[{"type":"image","source":{"media_type":"image/png","data":"AAAA"}}]}""", "[image image/png, 4 characters of base64]")]
    [InlineData("""{"content":"half \ud83d"}""", """half \ud83d""")]
    [InlineData("""{"\ud800":1,"content":"after"}""", "after")]
    [InlineData("5", "[json] 5")]
    public void An_odd_shape_is_shown_as_it_is(string message, string text) => Assert.Equal(text, MessageText.Of(JsonDocument.Parse(message).RootElement));

    [Fact]
    public void No_shape_at_all_ends_it() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000),
        Prop.ForAll(Arb.From(Values(4)), message => MessageText.Of(JsonDocument.Parse(message).RootElement) is not null));

    private static Gen<string> Values(int depth)
    {
        var word = Gen.Elements(Words).Select(text => '"' + text + '"');
        var scalar = Gen.OneOf(word, Gen.Elements("null", "true", "1e999", "-0"), Gen.Choose(-9, 9).Select(number => number.ToString(CultureInfo.InvariantCulture)));
        if (depth == 0)
        {
            return scalar;
        }

        var inner = Values(depth - 1);
        var member = Gen.Elements(Names).SelectMany(name => inner.Select(value => $"\"{name}\":{value}"));
        return Gen.Frequency(
            (1, scalar),
            (2, Gen.ListOf(inner, 3).Select(items => "[" + string.Join(',', items) + "]")),
            (4, Gen.ListOf(member, 4).Select(members => "{" + string.Join(',', members) + "}")));
    }
}
