using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary>Where a command prints for a person: colours and the window's width on a terminal, plain unwrapped text into a file or a pipe.</summary>
internal static class Terminal
{
    /// <summary>Wide enough that nothing wraps where no window is.</summary>
    private const int UnwrappedColumns = 100_000;

    public static IAnsiConsole On(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal && !NoColor ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!isTerminal)
        {
            console.Profile.Width = UnwrappedColumns;
        }

        return console;
    }

    // https://no-color.org
    private static bool NoColor => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
}
