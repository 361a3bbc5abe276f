using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lethe.Proxy.Terminal;

/// <summary>What is longer than a screen is read a screen at a time: where stdout is a terminal, and never when it goes to a file or a pipe.</summary>
internal static class Pager
{
    private const string Variable = "PAGER";
    private const int NotThere = 127;

    /// <summary>It ends when its stdin does, or has ended when that takes no more.</summary>
    private static readonly TimeSpan EndMax = TimeSpan.FromSeconds(1);

    /// <summary>Writes through <c>$PAGER</c>, or <c>less -FRX</c>, or as it is.</summary>
    /// <param name="write">Is ended early when the reader has read enough.</param>
    public static void Show(TextWriter output, Action<TextWriter> write)
    {
        using var pager = TerminalConsole.IsTerminal(output) ? TryStart() : null;
        if (pager is null)
        {
            write(output);
            return;
        }

        // Ctrl+C is the pager's own as long as it has the screen.
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        Write(pager, write);
        pager.WaitForExit();
        if (pager.ExitCode == NotThere)
        {
            throw CommandFailure.Environment($"the pager '{Environment.GetEnvironmentVariable(Variable)}' is not there; {Variable}=cat does without.");
        }
    }

    private static void Write(Process pager, Action<TextWriter> write)
    {
        try
        {
            using var page = new PagedWriter(pager.StandardInput.BaseStream);
            write(new PrintableWriter(page));
        }
        catch (IOException) when (pager.WaitForExit(EndMax))
        {
            // The reader has read enough.
        }
    }

    private static Process? TryStart()
    {
        var start = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } asked
            ? new ProcessStartInfo("sh", ["-c", asked])
            : new ProcessStartInfo("less", ["-FRX"]);
        start.RedirectStandardInput = true;
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            // There is none: a terminal can be scrolled too.
            return null;
        }
    }
}
