using System.CommandLine;
using Lethe.Proxy.Commands;
using Lethe.Proxy.Terminal;

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
        RawCommand.Build(),
        WhyCommand.Build(),
        SearchCommand.Build(),
        StatsCommand.Build(),
        ReindexCommand.Build(),
        OpenCommand.Build(),
        TailCommand.Build(),
        ExportCommand.Build(),
        VerifyCommand.Build(),
        ReplayCommand.Build(),
        JournalCommand.Build(),
        ImportCommand.Build(),
        SessionCommand.Build(),
        PinCommand.Build(isPinned: true),
        PinCommand.Build(isPinned: false),
        ForgetCommand.Build(),
        DeadCommand.Build(),
        StatusCommand.Build(),
        BackupCommand.Build(),
        RestoreCommand.Build(),
        TokenCommand.Build(),
        ConfigCommand.Build(),
        CompletionsCommand.Build(),
    };

    /// <summary>One verb, from its words to its exit code. Nothing that it comes upon ends it otherwise.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var printed = new PrintableWriter(error);
        try
        {
            RequireWorkingDirectory();
            var line = Verbs().Parse(GlobalOptions.Normalise(ExecCommand.Separate(args)));
            var code = await line.InvokeAsync(new InvocationConfiguration
            {
                Output = new PrintableWriter(output),
                Error = printed,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
            return line.Errors.Count > 0 ? ExitCode.Usage : code;
        }
        catch (Exception fault)
        {
            var ending = CommandEnding.Of(fault);
            return TryTell(printed, ending.Line) ? ending.ExitCode : Math.Max(ending.ExitCode, ExitCode.NotFine);
        }
    }

    /// <summary>Whatever a verb does starts with names of files, and none has a meaning where there is no place to start from.</summary>
    private static void RequireWorkingDirectory()
    {
        try
        {
            _ = Environment.CurrentDirectory;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment("the working directory is not there any more. Change to one that is.", fault);
        }
    }

    private static bool TryTell(TextWriter error, string? line)
    {
        try
        {
            if (line is not null)
            {
                error.WriteLine(line);
            }

            return true;
        }
        catch (IOException)
        {
            // Stderr is full or closed too: the exit code is what is left to tell it by.
            return false;
        }
    }
}
