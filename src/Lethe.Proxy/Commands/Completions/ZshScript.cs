using System.Text;

namespace Lethe.Proxy.Commands.Completions;

/// <summary>The function that zsh calls for a word of lethe's (compsys); a file <c>_lethe</c> on <c>$fpath</c>, or sourced.</summary>
internal static class ZshScript
{
    public static string Of(IReadOnlyList<CompletedVerb> verbs)
    {
        var script = new StringBuilder();
        script.Append("""
            #compdef lethe
            _lethe() {
              local lethe_path="" word
              local -a lethe_words
              for word in "${(@)words[2,CURRENT-1]}"; do
                case "$lethe_path $word" in

            """);
        foreach (var path in verbs.Select(verb => verb.Path).Where(path => path.Length > 0))
        {
            var space = path.LastIndexOf(' ');
            script.Append($"      {Quoted((space < 0 ? "" : path[..space]) + " " + path[(space + 1)..])}) lethe_path={Quoted(path)} ;;\n");
        }

        script.Append("""
                esac
              done
              case "$lethe_path|${words[CURRENT-1]}" in

            """);
        foreach (var verb in verbs)
        {
            foreach (var option in verb.Options.Where(option => option.TakesValue))
            {
                script.Append($"    {string.Join('|', option.Names.Select(name => Quoted($"{verb.Path}|{name}")))}) {Values(option)}; return ;;\n");
            }
        }

        script.Append("""
              esac
              case "$lethe_path" in

            """);
        foreach (var verb in verbs)
        {
            var words = verb.Verbs.Concat(verb.Words.Select(value => (Name: value, Description: ""))).Concat(verb.Options.Select(option => (Name: option.Names[0], option.Description)));
            script.Append($"    {Quoted(verb.Path)})\n      lethe_words=(\n{string.Concat(words.Select(word => $"        {Described(word.Name, word.Description)}\n"))}      )\n      _describe 'lethe' lethe_words\n");
            script.Append(verb.TakesCommand ? "      _command_names\n" : "").Append(verb.TakesFiles ? "      _files\n" : "").Append("      ;;\n");
        }

        return script.Append("""
              esac
            }
            if [ "$funcstack[1]" = "_lethe" ]; then _lethe "$@"; else compdef _lethe lethe; fi

            """).ToString();
    }

    private static string Values(CompletedOption option) =>
        option.TakesFile ? "_files" : option.Values.Count > 0 ? $"compadd -- {string.Join(' ', option.Values.Select(Quoted))}" : "_message 'value'";

    // A colon ends the word that is described.
    private static string Described(string name, string description) => Quoted(name.Replace(":", "\\:", StringComparison.Ordinal) + (description.Length == 0 ? "" : ":" + description));

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
