using System.CommandLine;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Commands;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy;

/// <summary>The verbs of <c>lethe</c>, and the one place where an ending becomes an exit code.</summary>
internal static class LetheApplication
{
    public static RootCommand Verbs() => new("A flight recorder for LLM traffic.")
    {
        GlobalOptions.Data,
        GlobalOptions.Listen,
        GlobalOptions.Admin,
        GlobalOptions.ExtProc,
        GlobalOptions.Set,
        RunCommand.Build(),
        ExecCommand.Build(),
        SessionsCommand.Build(),
        ShowCommand.Build(),
        TailCommand.Build(),
        ExportCommand.Build(),
        VerifyCommand.Build(),
        ReplayCommand.Build(),
        JournalCommand.Build(),
        DeadCommand.Build(),
        StatusCommand.Build(),
        BackupCommand.Build(),
        RestoreCommand.Build(),
        ConfigCommand.Build(),
    };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var line = Verbs().Parse(GlobalOptions.Normalise(ExecCommand.Separate(args)));
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            var code = await line.InvokeAsync(invocation);
            return line.Errors.Count > 0 ? ExitCode.Usage : code;
        }
        catch (CommandFailure failure)
        {
            await error.WriteLineAsync(failure.Message);
            return failure.ExitCode;
        }
        catch (Exception fault) when (fault is SqliteException or StoreRefusedException or StoreUnavailableException)
        {
            await error.WriteLineAsync($"lethe: the store cannot be read: {fault.Message}");
            return ExitCode.Environment;
        }
    }
}
