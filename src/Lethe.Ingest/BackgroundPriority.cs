using System.Runtime.InteropServices;

namespace Lethe.Ingest;

/// <summary>
/// Makes the calling thread give way to the process's other threads. Linux alone has a priority for each thread that an ordinary user may
/// lower; elsewhere this does nothing. https://man7.org/linux/man-pages/man2/setpriority.2.html, «C library/kernel differences»
/// </summary>
internal static partial class BackgroundPriority
{
    private const int OneProcess = 0;
    private const uint CallingThread = 0;
    private const int Niceness = 10;

    /// <summary>For a thread that ends with its work: an ordinary user cannot take the priority back. A refusal is no fault, only less polite.</summary>
    public static void Take()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OneProcess, CallingThread, Niceness);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int niceness);
}
