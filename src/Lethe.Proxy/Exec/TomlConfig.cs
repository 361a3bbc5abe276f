using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Syntax;

namespace Lethe.Proxy.Exec;

/// <summary>Reads agents' TOML files, and writes options in TOML. What is not TOML counts as not there, as the agent will say itself.</summary>
internal static class TomlConfig
{
    public static TomlTable? Parse(string? text) =>
        text is not null && TomlSerializer.TryDeserialize<TomlTable>(text, out var table) ? table : null;

    /// <summary>An option's <c>key=value</c>; a value that is no TOML is taken for a string, as <c>-c model=gpt-5.5</c> is meant.</summary>
    public static TomlTable? Option(string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        return equals <= 0 ? null : Parse(assignment) ?? Parse(assignment[..equals] + " = " + Quoted(assignment[(equals + 1)..].Trim()));
    }

    /// <summary>The string at a path of keys; null when there is none, or something else.</summary>
    public static string? Word(TomlTable? table, params ReadOnlySpan<string> path)
    {
        foreach (var key in path[..^1])
        {
            table = table is not null && table.TryGetValue(key, out var inner) ? inner as TomlTable : null;
        }

        return table is not null && table.TryGetValue(path[^1], out var value) ? value as string : null;
    }

    /// <summary>One line: <c>a."b c".d="value"</c>.</summary>
    public static string Assignment(string value, params string[] path) =>
        string.Join('.', path.Select(key => BareKeySyntax.IsBareKey(key) ? key : Quoted(key))) + "=" + Quoted(value);

    private static string Quoted(string text) => new StringValueSyntax(text).ToString();
}
