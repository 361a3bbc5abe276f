using System.Text;

namespace Lethe.Proxy.Commands.Completions;

/// <summary>Lethe's words for fish, one <c>complete</c> each.</summary>
internal static class FishScript
{
    public static string Of(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder("complete -c lethe -f\n");
        foreach (var verb in verbs)
        {
            var at = $"complete -c lethe -n {Quoted(Condition(verb))}";
            foreach (var (name, description) in verb.Verbs)
            {
                script.Append($"{at} -a {Quoted(name)} -d {Quoted(description)}\n");
            }

            foreach (var value in verb.Words)
            {
                script.Append($"{at} -a {Quoted(value)}\n");
            }

            if (verb.TakesCommand || verb.TakesFiles)
            {
                script.Append($"{at} {(verb.TakesCommand ? "-a '(__fish_complete_command)'" : "-F")}\n");
            }

            foreach (var option in verb.Options)
            {
                script.Append($"{at} {string.Join(' ', option.Names.Select(Named))}{Value(option)} -d {Quoted(option.Description)}\n");
            }
        }

        return script.ToString();
    }

    // Behind the verb's own words, and no further verb's.
    private static string Condition(CompletedVerb verb)
    {
        var seen = verb.Path.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => $"__fish_seen_subcommand_from {word}");
        var unseen = verb.Verbs.Count == 0 ? [] : new[] { $"not __fish_seen_subcommand_from {string.Join(' ', verb.Verbs.Select(below => below.Name))}" };
        return string.Join("; and ", seen.Concat(unseen).DefaultIfEmpty("true"));
    }

    private static string Named(string name) => name.StartsWith("--", StringComparison.Ordinal) ? $"-l {Quoted(name[2..])}" : name.Length == 2 ? $"-s {Quoted(name[1..])}" : $"-o {Quoted(name[1..])}";

    private static string Value(CompletedOption option) =>
        !option.TakesValue ? "" : option.TakesFile ? " -r -F" : option.Values.Count > 0 ? $" -x -a {Quoted(string.Join(' ', option.Values))}" : " -x";

    private static string Quoted(string text) => "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
