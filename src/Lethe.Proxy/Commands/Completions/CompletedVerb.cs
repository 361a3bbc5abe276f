using System.CommandLine;
using System.CommandLine.Completions;

namespace Lethe.Proxy.Commands.Completions;

/// <summary>A verb as a shell completes it.</summary>
/// <param name="Path">The words that lead to it, with spaces between; empty for lethe itself.</param>
/// <param name="Verbs">Those that can follow.</param>
/// <param name="Words">What its arguments can be, where that is a choice.</param>
/// <param name="TakesCommand">True where another program's command line follows.</param>
/// <param name="TakesFiles">True where an argument is a file or a directory.</param>
internal sealed record CompletedVerb(
    string Path, IReadOnlyList<(string Name, string Description)> Verbs, IReadOnlyList<CompletedOption> Options, IReadOnlyList<string> Words, bool TakesCommand, bool TakesFiles)
{
    /// <summary>What help calls values that are found on the disk.</summary>
    private static readonly string[] OnDisk = ["FILE", "DIR", "PATH"];

    /// <summary>A whole command line to run.</summary>
    private const string OtherProgram = "CMD";

    /// <summary>The command itself and every verb under it.</summary>
    public static IReadOnlyList<CompletedVerb> All(Command command) => [.. Under(command, "", [])];

    private static IEnumerable<CompletedVerb> Under(Command command, string path, IReadOnlyList<Option> inherited)
    {
        Option[] options = [.. command.Options.Concat(inherited).Where(option => !option.Hidden)];
        Command[] verbs = [.. command.Subcommands.Where(verb => !verb.Hidden)];
        yield return new CompletedVerb(
            path,
            [.. verbs.Select(verb => (verb.Name, verb.Description ?? ""))],
            [.. options.Select(Completed)],
            [.. command.Arguments.SelectMany(Values)],
            command.Arguments.Any(argument => argument.Name == OtherProgram),
            command.Arguments.Any(argument => OnDisk.Contains(argument.Name)));
        IReadOnlyList<Option> below = [.. inherited, .. command.Options.Where(option => option.Recursive)];
        foreach (var verb in verbs.SelectMany(verb => Under(verb, path.Length == 0 ? verb.Name : $"{path} {verb.Name}", below)))
        {
            yield return verb;
        }
    }

    private static CompletedOption Completed(Option option) => new(
        [.. option.Aliases.Prepend(option.Name).Where(name => name.StartsWith('-')).Distinct().OrderByDescending(name => name.Length)],
        option.Description ?? "",
        option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool),
        [.. Values(option)],
        OnDisk.Contains(option.HelpName));

    private static IEnumerable<string> Values(Symbol symbol) => symbol.GetCompletions(CompletionContext.Empty).Select(item => item.InsertText ?? item.Label);
}

/// <summary>An option as a shell completes it.</summary>
/// <param name="Names">The long one first.</param>
/// <param name="Values">What can follow it, where that is a choice.</param>
internal sealed record CompletedOption(IReadOnlyList<string> Names, string Description, bool TakesValue, IReadOnlyList<string> Values, bool TakesFile);
