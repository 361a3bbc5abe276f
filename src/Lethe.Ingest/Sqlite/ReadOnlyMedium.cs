using System.Runtime.InteropServices;

namespace Lethe.Ingest.Sqlite;

/// <summary>
/// A store where nobody can write: a read-only mount, a snapshot, another user's directory. In WAL mode SQLite needs side files even for reading, and
/// cannot make them there; it reads without them what it is told will not change. https://www.sqlite.org/wal.html, section 5
/// </summary>
internal static partial class ReadOnlyMedium
{
    private const int WriteAccess = 2;

    /// <summary>True where we may not write and no side file tells of a writer, or holds what is not in the store's file yet.</summary>
    public static bool Holds(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return !OperatingSystem.IsWindows() && Access(directory, WriteAccess) != 0 && new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 };
    }

    /// <summary>The data source that tells SQLite so.</summary>
    public static string SourceOf(string path) => new Uri(Path.GetFullPath(path)).AbsoluteUri + "?immutable=1";

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Access(string path, int mode);
}
