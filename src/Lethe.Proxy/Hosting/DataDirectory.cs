namespace Lethe.Proxy.Hosting;

/// <summary>The directory that holds everything durable. One process at a time owns it; readers need no lock.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string LockName = "lethe.lock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream hold;

    private DataDirectory(string path, FileStream hold)
    {
        Path = path;
        this.hold = hold;
    }

    public string Path { get; }

    /// <summary>Creates the directory (0700) where it is missing and takes its lock.</summary>
    /// <exception cref="HostFault">Not creatable, not writable, or held by another process.</exception>
    public static DataDirectory Open(string path)
    {
        try
        {
            path = System.IO.Path.GetFullPath(path);
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, OwnerOnly);
                File.SetUnixFileMode(path, OwnerOnly);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new HostFault($"the data directory {path} cannot be used: {fault.Message}", fault);
        }

        return new DataDirectory(path, TakeLock(path));
    }

    /// <summary>True while a process holds the directory's lock.</summary>
    public static bool IsHeld(string path)
    {
        var file = System.IO.Path.Combine(path, LockName);
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            using var probe = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => hold.Dispose();

    private static FileStream TakeLock(string path)
    {
        var file = System.IO.Path.Combine(path, LockName);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new FileStream(file, options);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new HostFault($"the data directory {path} is not writable.", fault);
        }
        catch (IOException fault)
        {
            throw new HostFault($"the data directory {path} is in use by another lethe.", fault);
        }
    }
}
