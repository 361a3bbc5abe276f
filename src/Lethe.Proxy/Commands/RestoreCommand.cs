using System.CommandLine;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// <c>lethe restore DIR</c>: a backup becomes the data directory, which must be empty. What the journal has and the store had not yet is taken in, and
/// all of it is verified, before it gets its name.
/// </summary>
internal static class RestoreCommand
{
    public static Command Build()
    {
        var source = new Argument<string>("DIR") { Description = "What lethe backup wrote." };
        var command = new Command("restore", "Make a backup the data directory, and verify it.") { source };
        command.SetAction(async (line, cancel) =>
        {
            var options = GlobalOptions.Require(line).Options;
            var directory = Path.GetFullPath(options.DataDirectory);
            using var progress = Progress.Of(line);
            progress.Begin("copying");
            var unfinished = BackupCommand.CopyBeside(line.GetRequiredValue(source), directory, withStore: StoreOfSink.Elsewhere(options) is null);
            var output = line.InvocationConfiguration.Output;
            var replayed = await ReplayCommand.RunAsync(options, DataLayout.Journal(unfinished), unfinished, fromCursor: true, output, progress, cancel);
            var verified = await VerifyCommand.RunAsync(options, unfinished, withParity: true, anchor: null, new VerifyReport(output, json: false), progress, cancel);
            // A damaged backup is all that there may be: it is put in place, and told of.
            BackupCommand.Take(unfinished, directory);
            return Math.Max(replayed, verified);
        });
        return command;
    }
}
