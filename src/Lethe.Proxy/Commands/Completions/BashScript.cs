using System.Text;

namespace Lethe.Proxy.Commands.Completions;

/// <summary>The function that bash calls for a word of lethe's (programmable completion, bash 4 and later).</summary>
internal static class BashScript
{
    public static string Of(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder();
        script.Append("""
            _lethe() {
              local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" at
              for ((at = 1; at < COMP_CWORD; at++)); do
                case "$path ${COMP_WORDS[at]}" in

            """);
        foreach (var path in verbs.Select(verb => verb.Path).Where(path => path.Length > 0))
        {
            var space = path.LastIndexOf(' ');
            script.Append($"      {Quoted((space < 0 ? "" : path[..space]) + " " + path[(space + 1)..])}) path={Quoted(path)} ;;\n");
        }

        script.Append("""
                esac
              done
              case "$path|$before" in

            """);
        foreach (var verb in verbs)
        {
            foreach (var option in verb.Options.Where(option => option.TakesValue))
            {
                script.Append($"    {string.Join('|', option.Names.Select(name => Quoted($"{verb.Path}|{name}")))}) COMPREPLY=({Values(option.Values, option.TakesFile)}); return ;;\n");
            }
        }

        script.Append("""
              esac
              case "$path" in

            """);
        foreach (var verb in verbs)
        {
            script.Append($"    {Quoted(verb.Path)}) COMPREPLY=({Words(verb)}) ;;\n");
        }

        return script.Append("""
              esac
            }
            complete -F _lethe lethe

            """).ToString();
    }

    private static string Words(CompletedVerb verb) =>
        $"$(compgen -W {Quoted(string.Join(' ', verb.Verbs.Select(below => below.Name).Concat(verb.Words).Concat(verb.Options.SelectMany(option => option.Names))))} -- \"$word\")"
        + (verb.TakesCommand ? " $(compgen -c -- \"$word\")" : "")
        + (verb.TakesFiles ? " $(compgen -f -- \"$word\")" : "");

    private static string Values(IReadOnlyList<string> values, bool areFiles) =>
        areFiles ? "$(compgen -f -- \"$word\")" : values.Count > 0 ? $"$(compgen -W {Quoted(string.Join(' ', values))} -- \"$word\")" : "";

    private static string Quoted(string text) => $"'{text}'";
}
