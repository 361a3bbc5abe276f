using System.CommandLine;
using System.Data.Common;
using Lethe.Ingest.Meaning;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Commands;

/// <summary><c>lethe reindex</c>: the search index, made anew of what the store holds; beside a running lethe, which goes on with it, or with none.</summary>
internal static class ReindexCommand
{
    public static Command Build()
    {
        var command = new Command("reindex", "Make the search index anew of what the store holds.");
        command.SetAction(async (line, cancel) =>
        {
            var options = GlobalOptions.Require(line).Options;
            try
            {
                (await StoreOfSink.OpenBesideAsync(options, options.DataDirectory, cancel)).Dispose();
                await using var indexing = StoreOfSink.Indexing(options, options.DataDirectory, TimeProvider.System, NullLogger.Instance);
                using var progress = Progress.Of(line);
                progress.Begin("indexing");
                indexing.Clear();
                var taken = indexing.CatchUp(progress.Count, cancel);
                line.InvocationConfiguration.Output.WriteLine($"{taken} exchanges indexed");
                return ExitCode.Fine;
            }
            catch (Exception fault) when (fault is DbException or StoreRefusedException or StoreUnavailableException or IOException)
            {
                throw CommandFailure.Environment(fault.Message, fault);
            }
        });
        return command;
    }
}
