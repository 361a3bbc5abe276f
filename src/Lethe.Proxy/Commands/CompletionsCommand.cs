using System.CommandLine;
using Lethe.Proxy.Commands.Completions;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe completions SHELL</c>: what a shell is given to complete lethe's verbs and options, made of the verbs themselves.</summary>
internal static class CompletionsCommand
{
    private static readonly (string Shell, Func<IReadOnlyList<CompletedVerb>, string> Script)[] Shells = [("bash", BashScript.Of), ("zsh", ZshScript.Of), ("fish", FishScript.Of)];

    public static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = string.Join(", ", Shells.Select(known => known.Shell)) + "." };
        shell.AcceptOnlyFromAmong([.. Shells.Select(known => known.Shell)]);
        var command = new Command("completions", "Print the completions for a shell: source <(lethe completions bash).") { shell };
        command.SetAction(line =>
        {
            var script = Shells.First(known => known.Shell == line.GetRequiredValue(shell)).Script;
            line.InvocationConfiguration.Output.Write(script(CompletedVerb.All(line.RootCommandResult.Command)));
            return ExitCode.Fine;
        });
        return command;
    }
}
