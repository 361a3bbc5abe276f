using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Proxy.ExtProc.Policies;

namespace Lethe.Proxy.Tests.ExtProc.Policies;

public sealed class ModelScanTests
{
    [Fact]
    public void However_a_body_is_cut_the_same_models_are_found_as_a_parser_finds()
    {
        var names = Gen.Elements("model", "mo\"del", "messages", "Model", "модель", "model\\");
        var values = Gen.OneOf(
            Gen.Elements("gpt", "a\"b", "\\", "model", "漢", "{", "\n").Select(text => JsonSerializer.Serialize(text)),
            Gen.Elements("1", "null", "true", "[\"model\",\"x\"]", "{\"model\":\"inner\"}", "[{\"model\":\"deep\"},\"y\"]", "[]", "{}"));
        var bodies = Gen.ListOf(Gen.Zip(names, values)).Select(list => "{" + string.Join(" ,", list.Select(pair => $"{JsonSerializer.Serialize(pair.Item1)} : {pair.Item2}")) + "}");
        var cuts = Gen.Choose(1, 9);

        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Gen.Zip(bodies, cuts).ToArbitrary(), sample =>
        {
            var (body, size) = sample;
            using var document = JsonDocument.Parse(body);
            var expected = document.RootElement.EnumerateObject().Where(one => one.Name == "model" && one.Value.ValueKind == JsonValueKind.String).Select(one => one.Value.GetString()!);
            return expected.SequenceEqual(Models(Encoding.UTF8.GetBytes(body).Chunk(size)));
        }));
    }

    [Theory]
    [InlineData("[\"model\",\"x\"]")]
    [InlineData("\"model\":\"x\"")]
    [InlineData("}}}}\"model\":\"x\"")]
    [InlineData("{\"model\":\"\\uD800 \\q\"}")]
    [InlineData("{\"model\":")]
    public void What_is_no_object_names_no_model(string body) => Assert.Empty(Models([Encoding.UTF8.GetBytes(body)]));

    [Fact]
    public void A_string_without_end_is_not_gathered() => Assert.DoesNotContain(Models([Encoding.UTF8.GetBytes("{\"model\":\"" + new string('x', 100_000) + "\"}")]), model => model.Length > 1024);

    private static List<string> Models(IEnumerable<byte[]> chunks)
    {
        var scan = new ModelScan();
        var models = new List<string>();
        foreach (var chunk in chunks)
        {
            ReadOnlySpan<byte> part = chunk;
            while (scan.Next(ref part) is { } model)
            {
                models.Add(model);
            }
        }

        return models;
    }
}
