using System.Globalization;
using System.Runtime.InteropServices;

namespace Lethe.Ingest.Journaling;

/// <summary>The files of a journal: their names, their modes (0700, 0600), and the directory's own durability.</summary>
internal static partial class JournalDirectory
{
    private const string PlainSuffix = ".jsonl";
    private const string CompressedSuffix = ".jsonl.br";
    private const string UnfinishedSuffix = ".tmp";

    public static string PlainPath(string directory, long segment) => Path.Combine(directory, Name(segment) + PlainSuffix);

    public static string CompressedPath(string directory, long segment) => Path.Combine(directory, Name(segment) + CompressedSuffix);

    public static string UnfinishedPath(string directory, string name) => Path.Combine(directory, name + UnfinishedSuffix);

    public static string LockPath(string directory) => Path.Combine(directory, "journal.lock");

    public static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The numbers of the segments that are there, plain or compressed, ascending.</summary>
    public static List<long> Segments(string directory)
    {
        var segments = new SortedSet<long>();
        if (Directory.Exists(directory))
        {
            foreach (var path in Directory.EnumerateFiles(directory))
            {
                var name = Path.GetFileName(path);
                var dot = name.IndexOf('.', StringComparison.Ordinal);
                if (dot > 0 && name[dot..] is PlainSuffix or CompressedSuffix
                    && long.TryParse(name[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var segment))
                {
                    segments.Add(segment);
                }
            }
        }

        return [.. segments];
    }

    /// <summary>Removes what a crash left half made: unfinished files, and plain segments whose compressed form is whole.</summary>
    public static void RemoveLeftovers(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + UnfinishedSuffix))
        {
            File.Delete(path);
        }

        foreach (var segment in Segments(directory))
        {
            if (File.Exists(CompressedPath(directory, segment)))
            {
                File.Delete(PlainPath(directory, segment));
            }
        }
    }

    /// <summary>Opens a file that only its owner can read, created with that mode from its first moment. Unbuffered.</summary>
    public static FileStream OpenFile(string path, FileMode mode, FileShare share, FileOptions options = FileOptions.None)
    {
        var stream = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, Options = options, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            stream.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, stream);
    }

    /// <summary>Makes creations, renames and deletions in the directory durable. Windows has no such call and needs none.</summary>
    public static void Sync(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = OpenDescriptor(directory, 0);
        if (descriptor < 0)
        {
            throw new IOException($"The journal's directory cannot be opened (errno {Marshal.GetLastPInvokeError()}).");
        }

        try
        {
            if (SyncDescriptor(descriptor) != 0)
            {
                throw new IOException($"The journal's directory cannot be synced (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    private static string Name(long segment) => segment.ToString("D20", CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
