namespace Lethe.Proxy.Recording;

/// <summary>The directory that holds everything durable. One process at a time owns it; readers need no lock.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string LockName = "lethe.lock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OpenToOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>What a lock that is held makes the system say: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.</summary>
    private static readonly int[] HeldErrors = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Whoever asks <see cref="IsHeld"/> is in the way for a moment; an owner stays.</summary>
    private static readonly TimeSpan LockWaitMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(10);

    private readonly FileStream hold;

    private DataDirectory(string path, FileStream hold)
    {
        Path = path;
        this.hold = hold;
    }

    public string Path { get; }

    /// <summary>Creates the directory where it is missing and takes its lock.</summary>
    /// <exception cref="HostFault">Not creatable, not writable, open to others, or held by another process.</exception>
    public static async Task<DataDirectory> OpenAsync(string path, TimeProvider time)
    {
        path = Prepare(path);
        return new DataDirectory(path, await TakeLockAsync(path, time));
    }

    /// <summary>Creates the directory (0700) where it is missing. One that is there stays as it is, and must be nobody else's to read.</summary>
    /// <returns>The full path.</returns>
    /// <exception cref="HostFault">Not creatable, or open to others.</exception>
    public static string Prepare(string path)
    {
        try
        {
            path = System.IO.Path.GetFullPath(path);
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
                return path;
            }

            Directory.CreateDirectory(path, OwnerOnly);
            var directory = new DirectoryInfo(path);
            if (((directory.ResolveLinkTarget(returnFinalTarget: true) ?? directory).UnixFileMode & OpenToOthers) == 0)
            {
                return path;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new HostFault($"the data directory {path} cannot be used: {fault.Message}", fault);
        }

        throw new HostFault($"the data directory {path} is open to other users: make it private (chmod 700), or name a directory inside it, which lethe then makes.");
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
            // Shared: those who ask do not see each other.
            using var probe = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException fault)
        {
            return HeldErrors.Contains(fault.HResult);
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's: whoever runs there runs for somebody else.
            return false;
        }
    }

    public void Dispose() => hold.Dispose();

    /// <summary>Makes a file of the directory anew, for its owner alone.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static FileStream Create(string path, string name) => new(System.IO.Path.Combine(path, name), ForOwner(FileMode.Create, FileAccess.Write));

    private static FileStreamOptions ForOwner(FileMode mode, FileAccess access)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    private static async Task<FileStream> TakeLockAsync(string path, TimeProvider time)
    {
        var file = System.IO.Path.Combine(path, LockName);
        var options = ForOwner(FileMode.OpenOrCreate, FileAccess.ReadWrite);
        options.Share = FileShare.None;
        var waitedSince = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(file, options);
            }
            catch (UnauthorizedAccessException fault)
            {
                throw new HostFault($"the data directory {path} is not writable.", fault);
            }
            catch (IOException fault) when (!HeldErrors.Contains(fault.HResult))
            {
                throw new HostFault($"the data directory {path} cannot be used: {fault.Message}", fault);
            }
            catch (IOException fault) when (time.GetElapsedTime(waitedSince) >= LockWaitMax)
            {
                throw new HostFault($"the data directory {path} is in use by another lethe.", fault);
            }
            catch (IOException)
            {
                // Held, and the wait has not ended: next try.
            }

            await Task.Delay(LockPoll, time);
        }
    }
}
