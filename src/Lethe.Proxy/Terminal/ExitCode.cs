namespace Lethe.Proxy.Terminal;

/// <summary>What the shell is told.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The thing asked about is not fine, or nobody read it to its end.</summary>
    public const int NotFine = 1;

    /// <summary>The command line or the configuration makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>A port is taken, a directory is not writable, no store is there.</summary>
    public const int Environment = 3;

    /// <summary>Lethe itself is wrong: <c>EX_SOFTWARE</c> of sysexits.h.</summary>
    public const int Fault = 70;

    /// <summary>As a shell has it: the command is there and cannot be run.</summary>
    public const int NotExecutable = 126;

    /// <summary>As a shell has it: no such command.</summary>
    public const int NotFound = 127;
}
