using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Lethe.Ingest.Meaning;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// One line an event, of <see cref="LineCharsMax"/> characters at most, whatever stands in it: time, level, category, what happened, and the chain of
/// exceptions behind it. Where the chain has no link that another machine, a disk or a store can cause, the innermost frames follow as far as there is room.
/// </summary>
internal sealed class OneLineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";
    public const int LineCharsMax = 1000;

    private const char Cut = '…';

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter into)
    {
        var line = new StringBuilder(LineCharsMax)
            .Append(time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)).Append(' ')
            .Append(Word(entry.LogLevel)).Append(": ")
            .Append(entry.Category).Append('[').Append(entry.EventId.Id).Append("] ")
            .Append(entry.Formatter(entry.State, null));
        if (entry.Exception is { } exception)
        {
            Append(line, exception);
        }

        // What came over the wire may stand in a message: it must not end the line, nor speak to the terminal.
        for (var i = 0; i < Math.Min(line.Length, LineCharsMax); i++)
        {
            if (char.IsControl(line[i]))
            {
                line[i] = ' ';
            }
        }

        if (line.Length > LineCharsMax)
        {
            line.Length = LineCharsMax - 1;
            line.Append(Cut);
        }

        into.Write(line.Append('\n'));
    }

    private static void Append(StringBuilder line, Exception exception)
    {
        var innermost = exception;
        for (var link = exception; link is not null && line.Length < LineCharsMax; link = link.InnerException)
        {
            line.Append(" <- ").Append(link.GetType().Name).Append(": ").Append(link.Message);
            innermost = link;
        }

        if (!IsOfTheWorld(exception))
        {
            line.Append(' ').Append(innermost.StackTrace?.ReplaceLineEndings(""));
        }
    }

    private static bool IsOfTheWorld(Exception? link)
    {
        for (; link is not null; link = link.InnerException)
        {
            if (link is IOException or SocketException or HttpRequestException or OperationCanceledException or UnauthorizedAccessException or DbException or StoreRefusedException or StoreUnavailableException
                or System.Security.Authentication.AuthenticationException or ConnectionAbortedException)
            {
                return true;
            }
        }

        return false;
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
