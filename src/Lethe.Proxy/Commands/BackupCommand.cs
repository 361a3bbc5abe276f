using System.CommandLine;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Terminal;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe backup DIR</c>: store, journal and keys together, also while lethe runs; whole under that name, or not there. Verified after.</summary>
internal static class BackupCommand
{
    public static Command Build()
    {
        var target = new Argument<string>("DIR") { Description = "Where to; not there yet, or empty." };
        var command = new Command("backup", "Copy store, journal and keys together, also while lethe runs.") { target };
        command.SetAction(async (line, cancel) =>
        {
            var source = GlobalOptions.Require(line).Options.DataDirectory;
            var directory = Path.GetFullPath(line.GetRequiredValue(target));
            using var progress = Progress.Of(line);
            progress.Begin("copying");
            var unfinished = CopyBeside(source, directory);
            await using var output = new StringWriter();
            var code = await VerifyCommand.RunAsync(unfinished, withParity: false, anchor: null, new VerifyReport(output, json: false), progress, cancel);
            Take(unfinished, directory);
            line.InvocationConfiguration.Output.Write(output);
            return code;
        });
        return command;
    }

    /// <summary>Copies a data directory to a place beside where it is wanted; what was left there unfinished goes.</summary>
    /// <exception cref="CommandFailure">Something is there already, or the disk refuses.</exception>
    public static string CopyBeside(string source, string directory)
    {
        if (!DataCopy.IsFree(directory))
        {
            throw CommandFailure.Environment($"{directory} is not empty.");
        }

        var unfinished = directory + ".unfinished";
        try
        {
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }

            DataCopy.Run(source, unfinished);
            return unfinished;
        }
        catch (Exception fault) when (fault is SqliteException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    /// <summary>Gives it its name.</summary>
    public static void Take(string unfinished, string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory);
        }

        Directory.Move(unfinished, directory);
    }
}
