namespace Lethe.Capture.Exchanges;

/// <summary>Look-ups in a header list, by case-insensitive name (RFC 9110 §5.1).</summary>
public static class HeaderLookup
{
    /// <summary>The value of the first header of that name, or null.</summary>
    public static string? First(this IReadOnlyList<HeaderField> headers, string name)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            if (string.Equals(headers[i].Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return headers[i].Value;
            }
        }

        return null;
    }

    /// <summary>All values of that name joined by a comma and a blank (RFC 9110 §5.3), or null.</summary>
    public static string? Joined(this IReadOnlyList<HeaderField> headers, string name)
    {
        string? first = null;
        List<string>? all = null;
        foreach (var header in headers)
        {
            if (!string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (first is null)
            {
                first = header.Value;
            }
            else
            {
                (all ??= [first]).Add(header.Value);
            }
        }

        return all is null ? first : string.Join(", ", all);
    }
}
