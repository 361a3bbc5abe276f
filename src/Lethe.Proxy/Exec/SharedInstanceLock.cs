using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exec;

/// <summary>Runs whose agents go through a lethe that another exec started: that one stays until they have ended. A file's lock, so that a killed guest is gone too.</summary>
internal static class SharedInstanceLock
{
    private const string LockName = "guests.lock";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>To be held by a run for as long as it goes through another's lethe.</summary>
    /// <exception cref="CommandFailure">That lethe is just closing.</exception>
    public static IDisposable Enter(string dataDirectory) => TryOpen(dataDirectory, FileShare.ReadWrite)
        ?? throw CommandFailure.Environment("the lethe that runs is just closing. Try again.");

    /// <summary>Waits until the last guest has gone; none comes in until the result is disposed of. Null where nobody can come in.</summary>
    public static async Task<IDisposable?> WhenGoneAsync(string dataDirectory, TextWriter error)
    {
        var isTold = false;
        while (true)
        {
            if (!Directory.Exists(dataDirectory))
            {
                // Somebody has deleted it, and with it the lock.
                return null;
            }

            if (TryOpen(dataDirectory, FileShare.None) is { } alone)
            {
                return alone;
            }

            if (!isTold)
            {
                await error.WriteLineAsync("lethe: another agent still goes through this lethe; it ends with that one");
                isTold = true;
            }

            await Task.Delay(Poll, TimeProvider.System);
        }
    }

    private static FileStream? TryOpen(string dataDirectory, FileShare share)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new FileStream(Path.Combine(dataDirectory, LockName), options);
        }
        catch (IOException)
        {
            // Held by others.
            return null;
        }
    }
}
