namespace Lethe.Proxy.Exec;

/// <summary>Looks for options in an agent's command line, of which only a few are known to us.</summary>
internal static class CommandOptions
{
    /// <summary>The values of an option, as <c>--name value</c> or <c>--name=value</c>, up to a bare <c>--</c>.</summary>
    public static IEnumerable<string> Values(IReadOnlyList<string> arguments, params string[] names) => Find(arguments, names).Select(option => option.Value);

    /// <summary>The values, with the index of the argument that follows each.</summary>
    public static IEnumerable<(string Value, int Next)> Find(IReadOnlyList<string> arguments, params string[] names)
    {
        for (var i = 0; i < arguments.Count && arguments[i] != "--"; i++)
        {
            foreach (var name in names)
            {
                if (arguments[i] == name && i + 1 < arguments.Count)
                {
                    yield return (arguments[i + 1], i + 2);
                }
                else if (arguments[i].StartsWith(name + "=", StringComparison.Ordinal) && name.StartsWith("--", StringComparison.Ordinal))
                {
                    yield return (arguments[i][(name.Length + 1)..], i + 1);
                }
            }
        }
    }
}
