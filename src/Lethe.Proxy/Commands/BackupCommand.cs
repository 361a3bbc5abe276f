using System.CommandLine;
using System.Data.Common;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

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
            var options = GlobalOptions.Require(line).Options;
            var directory = Path.GetFullPath(line.GetRequiredValue(target));
            using var progress = Progress.Of(line);
            progress.Begin("copying");
            var elsewhere = StoreOfSink.Elsewhere(options);
            var unfinished = CopyBeside(options.DataDirectory, directory, withStore: elsewhere is null);
            await using var output = new StringWriter();
            var report = new VerifyReport(output, json: false);
            var code = elsewhere is null
                ? await VerifyCommand.RunAsync(options, unfinished, withParity: false, anchor: null, report, progress, cancel)
                : report.EndWithJournal(JournalVerifier.Run(DataLayout.Journal(unfinished), passed: progress.Count));
            Take(unfinished, directory);
            line.InvocationConfiguration.Output.Write(output);
            if (elsewhere is not null)
            {
                line.InvocationConfiguration.Output.WriteLine(
                    $"journal and keys alone: the store is {elsewhere}. Copy it by its own means (pg_dump) before each backup; what the journal has and that copy lacks, restore takes in.");
            }

            return code;
        });
        return command;
    }

    /// <summary>Copies a data directory to a place beside where it is wanted; what was left there unfinished goes.</summary>
    /// <exception cref="CommandFailure">Something is there already, or the disk refuses.</exception>
    public static string CopyBeside(string source, string directory, bool withStore)
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

            DataCopy.Run(source, unfinished, withStore);
            return unfinished;
        }
        catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
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
