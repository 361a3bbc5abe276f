using System.Data.Common;
using System.Diagnostics;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Proxy.Terminal;

/// <summary>How a verb ends that did not come to its own end: in one line, or none, and an exit code; never in a trace.</summary>
/// <param name="Line">Null where nobody is left to read it.</param>
internal sealed record CommandEnding(int ExitCode, string? Line)
{
    private const string Own = "Lethe.";
    private const int LineColumnsMax = 1000;

    public static CommandEnding Of(Exception fault) => fault switch
    {
        CommandFailure failure => new(failure.ExitCode, failure.Message),
        AggregateException { InnerExceptions: [var only] } => Of(only),
        OutputFault { IsClosed: true } => new(Terminal.ExitCode.NotFine, null),
        OutputFault output => Environment("the output cannot be written: " + output.Message),
        DbException or StoreRefusedException or StoreUnavailableException => Environment("the store cannot be read: " + fault.Message),
        // Of the disk and what lies on it; the platform names the path where it knows it.
        IOException or UnauthorizedAccessException => Environment(fault.Message),
        _ => new(Terminal.ExitCode.Fault, Format.OneLine($"lethe: a fault of lethe itself{Place(fault)}: {fault.GetType().Name}: {fault.Message}", LineColumnsMax)),
    };

    private static CommandEnding Environment(string message) => new(Terminal.ExitCode.Environment, Format.OneLine("lethe: " + message, LineColumnsMax));

    /// <summary>The innermost of our own methods: what a report of the fault has to name.</summary>
    private static string Place(Exception fault)
    {
        var methods = new StackTrace(fault).GetFrames().Select(DiagnosticMethodInfo.Create).OfType<DiagnosticMethodInfo>();
        return methods.FirstOrDefault(method => method.DeclaringTypeName.StartsWith(Own, StringComparison.Ordinal)) is { } own ? $", in {own.DeclaringTypeName}.{own.Name}" : "";
    }
}
