using Spectre.Console;
using Spectre.Console.Rendering;

namespace Lethe.Proxy.Terminal;

/// <summary>Where a command prints for a person: colours and the window's width on a terminal, plain unwrapped text into a file or a pipe.</summary>
internal static class TerminalConsole
{
    /// <summary>Wide enough that nothing wraps where no window is.</summary>
    private const int UnwrappedColumns = 100_000;

    /// <summary>True where a person sees what is written: on a terminal, or in a pager on one.</summary>
    public static bool IsTerminal(TextWriter output) => Inner(output) is var inner && (inner is PagedWriter || (ReferenceEquals(inner, Console.Out) && !Console.IsOutputRedirected));

    /// <summary>As <see cref="On"/>, through a pager where it is a terminal.</summary>
    public static void Paged(TextWriter output, Action<IAnsiConsole> print) => Pager.Show(output, page => print(On(page)));

    public static IAnsiConsole On(TextWriter output)
    {
        // The console commands the terminal itself: what it is given to print is made printable before.
        var inner = Inner(output);
        var isTerminal = IsTerminal(output);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal && !NoColor ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(inner),
        });
        console.Pipeline.Attach(new PrintableOnly());
        if (!isTerminal)
        {
            console.Profile.Width = UnwrappedColumns;
        }

        return console;
    }

    private static TextWriter Inner(TextWriter output) => output is PrintableWriter printable ? printable.Inner : output;

    // https://no-color.org
    private static bool NoColor => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    private sealed class PrintableOnly : IRenderHook
    {
        public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(inner => new PrintableRenderable(inner));
    }

    private sealed class PrintableRenderable(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth)
            .Select(segment => segment.IsControlCode || segment.IsLineBreak ? segment : new Segment(Printable.Of(segment.Text), segment.Style));
    }
}
