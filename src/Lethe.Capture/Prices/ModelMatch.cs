using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lethe.Capture.Prices;

/// <summary>A rule of the price book that says whether a name (lower-case) is meant.</summary>
internal sealed class ModelMatch
{
    private readonly Func<string, bool> rule;

    private ModelMatch(Func<string, bool> rule) => this.rule = rule;

    public bool Accepts(string name) => rule(name);

    /// <summary>One of <c>equals</c>, <c>starts_with</c>, <c>ends_with</c>, <c>contains</c>, <c>regex</c>, <c>or</c>, <c>and</c>.</summary>
    public static ModelMatch Parse(JsonElement json)
    {
        var property = json.EnumerateObject().First();
        return new ModelMatch(property.Name switch
        {
            "or" => Any(ParseAll(property.Value)),
            "and" => All(ParseAll(property.Value)),
            "regex" => Pattern(property.Value.GetString()!),
            _ => Literal(property.Name, property.Value.GetString()!.ToLowerInvariant()),
        });
    }

    private static ModelMatch[] ParseAll(JsonElement rules) => [.. rules.EnumerateArray().Select(Parse)];

    private static Func<string, bool> Any(ModelMatch[] rules) => name => Array.Exists(rules, rule => rule.Accepts(name));

    private static Func<string, bool> All(ModelMatch[] rules) => name => Array.TrueForAll(rules, rule => rule.Accepts(name));

    private static Func<string, bool> Literal(string kind, string text) => kind switch
    {
        "equals" => name => name == text,
        "starts_with" => name => name.StartsWith(text, StringComparison.Ordinal),
        "ends_with" => name => name.EndsWith(text, StringComparison.Ordinal),
        "contains" => name => name.Contains(text, StringComparison.Ordinal),
        _ => throw new InvalidDataException($"The price book holds an unknown match rule '{kind}'."),
    };

    private static Func<string, bool> Pattern(string pattern)
    {
        // The patterns are JavaScript's: \d means ASCII digits.
        var regex = new Lazy<Regex>(() => new Regex(pattern, RegexOptions.ECMAScript));
        return name => regex.Value.IsMatch(name);
    }
}
