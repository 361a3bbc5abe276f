namespace Lethe.Capture.Redaction;

/// <summary>What stands where a secret would: a variable, a template, a type's name, nothing.</summary>
internal static class Placeholders
{
    private static readonly string[] Words =
    [
        "null", "none", "nil", "true", "false", "undefined", "string", "text", "str", "hidden", "required", "optional", "boolean", "number", "integer",
        "password", "secret", "token", "apikey", "api_key", "redacted",
    ];

    /// <summary>True for what is plainly no secret; the value has no quotes around it.</summary>
    public static bool Is(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty || value[0] is '$' or '<' or '(' or '=' or '{' or '[' or '%' or '*')
        {
            return true;
        }

        foreach (var word in Words)
        {
            if (value.Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
