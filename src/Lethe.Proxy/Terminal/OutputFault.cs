using System.Runtime.InteropServices;

namespace Lethe.Proxy.Terminal;

/// <summary>Stdout takes no more: a full disk, or a pipe whose reader has gone.</summary>
internal sealed class OutputFault(int errorNumber) : Exception(Marshal.GetPInvokeErrorMessage(errorNumber))
{
    private const int BrokenPipe = 32;

    /// <summary>True when the reader has what it wanted and went.</summary>
    public bool IsClosed { get; } = errorNumber == BrokenPipe;
}
