using System.CommandLine;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe config</c>: the effective configuration, secrets masked; all errors when there are any.</summary>
internal static class ConfigCommand
{
    public static Command Build()
    {
        var command = new Command("config", "Print the effective configuration, secrets masked.");
        command.SetAction(Print);
        return command;
    }

    private static int Print(ParseResult line)
    {
        var reading = GlobalOptions.Read(line);
        if (reading.Errors.Count > 0)
        {
            throw new CommandFailure(ExitCode.NotFine, "lethe: " + reading.Describe());
        }

        line.InvocationConfiguration.Output.WriteLine(EffectiveConfiguration.Render(reading.Settings));
        return ExitCode.Fine;
    }
}
