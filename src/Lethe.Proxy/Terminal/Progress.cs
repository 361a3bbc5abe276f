using System.CommandLine;
using System.Globalization;

namespace Lethe.Proxy.Terminal;

/// <summary>How far long work has come, on stderr when that is a terminal; else nowhere.</summary>
internal sealed class Progress(TextWriter? terminal, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private string step = "";
    private long toldAt;
    private bool isCounting;

    public static Progress None { get; } = new(null, TimeProvider.System);

    public static Progress Of(ParseResult line)
    {
        var error = line.InvocationConfiguration.Error;
        return new(Console.IsErrorRedirected ? null : error is PrintableWriter printable ? printable.Inner : error, TimeProvider.System);
    }

    /// <summary>A part of the work begins.</summary>
    public void Begin(string next)
    {
        EndCount();
        step = next;
        toldAt = time.GetTimestamp();
        terminal?.WriteLine($"{step} …");
    }

    /// <summary>So many exchanges are done; told a few times a second.</summary>
    public void Count(long exchanges)
    {
        if (terminal is null || time.GetElapsedTime(toldAt) < Interval)
        {
            return;
        }

        toldAt = time.GetTimestamp();
        isCounting = true;
        terminal.Write(string.Create(CultureInfo.InvariantCulture, $"\r{exchanges} exchanges"));
        terminal.Flush();
    }

    public void Dispose() => EndCount();

    private void EndCount()
    {
        if (isCounting)
        {
            terminal?.WriteLine();
            isCounting = false;
        }
    }
}
