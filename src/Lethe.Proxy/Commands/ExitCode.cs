namespace Lethe.Proxy.Commands;

/// <summary>What the shell is told.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The thing asked about is not fine.</summary>
    public const int NotFine = 1;

    /// <summary>The command line or the configuration makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>A port is taken, a directory is not writable, no store is there.</summary>
    public const int Environment = 3;
}
