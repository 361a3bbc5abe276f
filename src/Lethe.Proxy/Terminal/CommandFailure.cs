namespace Lethe.Proxy.Terminal;

/// <summary>Ends a command: its message is all that the person sees, its code is what the shell gets.</summary>
internal sealed class CommandFailure(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;

    public static CommandFailure Usage(string message) => new(Terminal.ExitCode.Usage, "lethe: " + message);

    public static CommandFailure Environment(string message, Exception? cause = null) => new(Terminal.ExitCode.Environment, "lethe: " + message, cause);
}
