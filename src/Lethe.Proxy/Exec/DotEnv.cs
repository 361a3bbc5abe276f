namespace Lethe.Proxy.Exec;

/// <summary>Reads the variables of a <c>.env</c> file: a line each, <c>export</c> before it or not, the value in quotes or not. Values over several lines are cut.</summary>
internal static class DotEnv
{
    private const string Export = "export ";

    public static IReadOnlyDictionary<string, string> Variables(string? text)
    {
        Dictionary<string, string> variables = [];
        foreach (var raw in (text ?? "").Split('\n'))
        {
            var line = raw.Trim();
            line = line.StartsWith(Export, StringComparison.Ordinal) ? line[Export.Length..] : line;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line[0] != '#' && Value(line[(equals + 1)..].Trim()) is { Length: > 0 } value)
            {
                variables[line[..equals].Trim()] = value;
            }
        }

        return variables;
    }

    private static string Value(string text)
    {
        var isQuoted = text.Length > 0 && text[0] is '"' or '\'' or '`';
        var end = text.IndexOf(isQuoted ? text[0] : '#', isQuoted ? 1 : 0);
        return (isQuoted ? text[1..(end < 0 ? text.Length : end)] : text[..(end < 0 ? text.Length : end)]).Trim();
    }
}
