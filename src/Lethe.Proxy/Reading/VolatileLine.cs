using System.Text.RegularExpressions;

namespace Lethe.Proxy.Reading;

/// <summary>Lines of a system prompt that change from session to session and say nothing of its version: dates, directories, what git says, the billing line.</summary>
internal static partial class VolatileLine
{
    private const int MatchMillisecondsMax = 100;

    /// <summary>Line by line.</summary>
    public static IEnumerable<(string Text, bool IsVolatile)> Lines(string text) => text.Split('\n').Select(line => (line, Pattern().IsMatch(line)));

    [GeneratedRegex(
        """^\s*x-anthropic-billing-header|\b20\d\d[-/]\d\d?[-/]\d\d?\b|\b(?:today's date|current date|working director|<cwd>|cwd:|workspace root|workspace folder|git status|gitstatus|current branch|main branch|recent commits|git repo|os version|platform:|shell:)|^\s*[0-9a-f]{7,40} |(?:^|[\s"'`=:(>])(?:/[\w.@+~-]+){2,}|\b[A-Za-z]:\\""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking,
        MatchMillisecondsMax)]
    private static partial Regex Pattern();
}
