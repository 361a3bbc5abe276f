using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Chains;

namespace Lethe.Capture.Tests.Chains;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Numbers_of_the_standards_own_table_are_printed_as_it_says(string bits, string expected)
    {
        var value = BitConverter.Int64BitsToDouble(Convert.ToInt64(bits, 16));
        Assert.Equal(expected, Canonical(value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("1.0", "1")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("1E400", null)]
    [InlineData("12345678901234567890", "12345678901234567000")]
    [InlineData("1e2", "100")]
    [InlineData("100000000000000000000000", "1e+23")]
    [InlineData("0.00001", "0.00001")]
    [InlineData("0.0000001", "1e-7")]
    public void Other_spellings_of_numbers_become_one(string json, string? expected) => Assert.Equal(expected, Canonical(json));

    [Theory]
    [InlineData("""{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o"}""",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"o\",\"€\":\"Euro Sign\",\"😀\":\"Emoji\",\"\ufb33\":\"Hebrew\"}")]
    [InlineData("""{ "b" : [ 1 , {"z":null,"a":true} ] , "a" : "\u0041\/\u001F\u000a\"\\\u0022\b" }""",
        """{"a":"A/\u001f\n\"\\\"\b","b":[1,{"a":true,"z":null}]}""")]
    [InlineData("[]", "[]")]
    [InlineData("{}", "{}")]
    [InlineData("\"\\ud83d\\ude00\"", "\"😀\"")]
    public void Members_and_strings_get_their_one_spelling(string json, string expected) => Assert.Equal(expected, Canonical(json));

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"x":[{"é":1,"é":2}]}""")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"\\ude00\\ud83d\"")]
    [InlineData("\"\\ud83d\\u0041\"")]
    [InlineData("{\"\\udc00\":1}")]
    [InlineData("[1,")]
    [InlineData("")]
    [InlineData("nul")]
    public void What_has_no_one_spelling_is_refused(string json) => Assert.Null(Canonical(json));

    [Fact]
    public void Invalid_utf8_is_refused() => Assert.Null(Canonical([(byte)'"', 0xC3, 0x28, (byte)'"']));

    [Fact]
    public void A_backslash_that_is_itself_escaped_begins_no_escape() => Assert.Equal("\"\\\\ud800\"", Canonical("\"\\\\ud800\""));

    [Fact]
    public void Too_deep_a_value_is_refused()
    {
        Assert.NotNull(Canonical(Nested(CanonicalJson.DepthMax)));
        Assert.Null(Canonical(Nested(CanonicalJson.DepthMax + 1)));
        using var document = JsonDocument.Parse(Nested(1000), new JsonDocumentOptions { MaxDepth = 2000 });
        Assert.Null(CanonicalJson.ToArray(document.RootElement));
    }

    [Fact]
    public void The_order_of_members_does_not_matter() => Check.QuickThrowOnFailure(Prop.ForAll(
        Values, seed => Canonical(Value(seed).ToJsonString()) == Canonical(Reversed(Value(seed))!.ToJsonString())));

    [Fact]
    public void The_canonical_form_is_its_own_canonical_form() => Check.QuickThrowOnFailure(Prop.ForAll(
        Values, seed => Canonical(Value(seed).ToJsonString()) is { } once && Canonical(once) == once));

    [Fact]
    public void The_canonical_form_has_the_same_value() => Check.QuickThrowOnFailure(Prop.ForAll(
        Values, seed => JsonNode.DeepEquals(Value(seed), JsonNode.Parse(Canonical(Value(seed).ToJsonString())!))));

    [Fact]
    public void Every_double_reads_back_as_itself() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<NormalFloat>(),
        number => double.Parse(
            Canonical(number.Get.ToString("R", System.Globalization.CultureInfo.InvariantCulture))!,
            System.Globalization.CultureInfo.InvariantCulture) == number.Get));

    private static readonly Arbitrary<int> Values = ArbMap.Default.ArbFor<int>();

    /// <summary>A random object whose names need sorting in every way: ASCII, escapes, and both sides of the surrogates.</summary>
    private static JsonObject Value(int seed)
    {
        var random = new Random(seed);
        string[] names = ["a", "A", "aa", "b", "", "\n", "\"", "é", "€", "\ue000", "\ufb33", "😀", "𐀀", "z"];
        return Object(3);

        JsonObject Object(int depth)
        {
            var made = new JsonObject();
            foreach (var name in names.OrderBy(_ => random.Next()).Take(random.Next(names.Length)))
            {
                made[name] = random.Next(depth > 0 ? 6 : 4) switch
                {
                    0 => JsonValue.Create(random.NextDouble() * Math.Pow(10, random.Next(-12, 25))),
                    1 => JsonValue.Create(names[random.Next(names.Length)]),
                    2 => JsonValue.Create(random.Next(2) == 0),
                    3 => null,
                    4 => new JsonArray([Object(depth - 1), JsonValue.Create(random.Next())]),
                    _ => Object(depth - 1),
                };
            }

            return made;
        }
    }

    private static JsonNode? Reversed(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Reverse().Select(m => KeyValuePair.Create(m.Key, Reversed(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Reversed)]),
        _ => node?.DeepClone(),
    };

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    private static string? Canonical(string json) => Canonical(Encoding.UTF8.GetBytes(json));

    private static string? Canonical(byte[] json)
    {
        var output = new ArrayBufferWriter<byte>();
        return CanonicalJson.TryWrite(json, output) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }
}
