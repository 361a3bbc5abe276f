using System.Text;

namespace Lethe.Proxy.Exec;

/// <summary>Reads the string values of a TOML file by their dotted keys: tables, dotted and quoted keys, single-line strings. Everything else is passed over.</summary>
internal static class TomlText
{
    public static IReadOnlyDictionary<string, string> Strings(string? text)
    {
        Dictionary<string, string> values = [];
        var table = "";
        string? openQuotes = null;
        foreach (var raw in (text ?? "").Split('\n'))
        {
            var line = raw.Trim();
            if (openQuotes is not null)
            {
                openQuotes = line.Contains(openQuotes, StringComparison.Ordinal) ? null : openQuotes;
            }
            else if (line.StartsWith('['))
            {
                var end = line.IndexOf(']', StringComparison.Ordinal);
                table = end > 0 && !line.StartsWith("[[", StringComparison.Ordinal) ? Key(line[1..end]) + "." : "\0.";
            }
            else if (SplitAssignment(line) is var (key, value))
            {
                openQuotes = OpensMultiline(value);
                if (Scalar(value) is { } scalar)
                {
                    values[table + Key(key)] = scalar;
                }
            }
        }

        return values;
    }

    /// <summary>A value as TOML writes it, or, for want of quotes, as it stands: what <c>-c key=value</c> takes.</summary>
    public static string Value(string text) => Scalar(text.Trim()) ?? text.Trim();

    /// <summary>A key's parts without quotes, joined by dots.</summary>
    public static string Key(string key) => key.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);

    private static (string Key, string Value)? SplitAssignment(string line)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        return equals <= 0 || line.StartsWith('#') ? null : (line[..equals].Trim(), line[(equals + 1)..].Trim());
    }

    private static string? OpensMultiline(string value)
    {
        foreach (var quotes in new[] { "\"\"\"", "'''" })
        {
            if (value.StartsWith(quotes, StringComparison.Ordinal) && value.IndexOf(quotes, 3, StringComparison.Ordinal) < 0)
            {
                return quotes;
            }
        }

        return null;
    }

    private static string? Scalar(string value)
    {
        if (value.Length < 2 || value[0] is not ('"' or '\'') || value.StartsWith("\"\"\"", StringComparison.Ordinal))
        {
            return null;
        }

        var text = new StringBuilder();
        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == value[0])
            {
                return text.ToString();
            }

            if (value[i] == '\\' && value[0] == '"' && i + 1 < value.Length)
            {
                i++;
            }

            text.Append(value[i]);
        }

        return null;
    }
}
