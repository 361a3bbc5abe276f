using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe open [SESSION]</c>: prints the page's address, and opens it where there is a screen.</summary>
internal static class OpenCommand
{
    private static readonly string[] Screens = ["DISPLAY", "WAYLAND_DISPLAY"];

    public static Command Build()
    {
        var session = new Argument<string?>("SESSION") { Description = "A session id, the beginning of one, or the harness's own session id.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("open", "Print the page's address, and open it where there is a browser.") { session };
        command.SetAction(line =>
        {
            var settings = GlobalOptions.Require(line);
            var doors = ListeningDoors.Find(settings.Options.DataDirectory)
                ?? throw new CommandFailure(ExitCode.NotFine, $"lethe: none runs on {settings.Options.DataDirectory}; lethe run starts one.");
            var address = doors.Admin + "/" + (line.GetValue(session) is { } word ? "sessions/" + SessionWord.Require(settings, word) : "");
            line.InvocationConfiguration.Output.WriteLine(address);
            if (HasScreen && !Console.IsOutputRedirected)
            {
                TryOpen(address);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static bool HasScreen =>
        !OperatingSystem.IsLinux() || Screens.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    private static void TryOpen(string address)
    {
        try
        {
            using var browser = Process.Start(new ProcessStartInfo(address) { UseShellExecute = true });
        }
        catch (Win32Exception)
        {
            // No program here opens an address: the line above is all that can be done.
        }
    }
}
