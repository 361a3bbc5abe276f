using System.Globalization;
using System.Runtime.InteropServices;

namespace Lethe.Ingest.Journaling;

/// <summary>The two files of a segment: what happened, and what was said.</summary>
internal enum SegmentPart
{
    Lines,
    Bodies,
}

/// <summary>The files of a journal: their names, their modes (0700, 0600), and the directory's own durability.</summary>
internal static partial class JournalDirectory
{
    private const string UnfinishedSuffix = ".tmp";
    private const string SealedSuffix = ".zst";
    private const string LinesSuffix = ".lines";
    private const string BodiesSuffix = ".bodies";

    public static string PlainPath(string directory, long segment, SegmentPart part) =>
        Path.Combine(directory, segment.ToString("D8", CultureInfo.InvariantCulture) + (part == SegmentPart.Lines ? LinesSuffix : BodiesSuffix));

    public static string SealedPath(string directory, long segment, SegmentPart part) => PlainPath(directory, segment, part) + SealedSuffix;

    public static string UnfinishedPath(string path) => path + UnfinishedSuffix;

    public static string LockPath(string directory) => Path.Combine(directory, "journal.lock");

    public static string IdPath(string directory) => Path.Combine(directory, "journal.id");

    public static string ErasurePath(string directory) => Path.Combine(directory, "journal.erasing");

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

    /// <summary>Throws <see cref="IOException"/> for a directory of the journal's first edition, which nothing here reads.</summary>
    public static void RefuseFirstEdition(string directory)
    {
        if (Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*.jsonl*").FirstOrDefault() is { } file)
        {
            throw new IOException(
                $"{directory} holds a journal of the first edition ({Path.GetFileName(file)}), which this version neither reads nor changes; take another data directory, or move that one away.");
        }
    }

    /// <summary>The numbers of the segments whose lines are there, plain or sealed, ascending.</summary>
    public static List<long> Segments(string directory)
    {
        var segments = new SortedSet<long>();
        if (Directory.Exists(directory))
        {
            foreach (var path in Directory.EnumerateFiles(directory))
            {
                if (path.EndsWith(LinesSuffix, StringComparison.Ordinal) || path.EndsWith(LinesSuffix + SealedSuffix, StringComparison.Ordinal))
                {
                    segments.Add(NumberOf(path) ?? 0);
                }
            }
        }

        segments.Remove(0);
        return [.. segments];
    }

    private static long? NumberOf(string path)
    {
        var name = Path.GetFileName(path);
        return long.TryParse(name[..name.IndexOf('.', StringComparison.Ordinal)], NumberStyles.None, CultureInfo.InvariantCulture, out var segment) ? segment : null;
    }

    /// <summary>What a segment takes on disk, both files in whatever form.</summary>
    public static long BytesOf(string directory, long segment)
    {
        long bytes = 0;
        foreach (var part in (SegmentPart[])[SegmentPart.Lines, SegmentPart.Bodies])
        {
            foreach (var path in (string[])[PlainPath(directory, segment, part), SealedPath(directory, segment, part)])
            {
                var file = new FileInfo(path);
                bytes += file.Exists ? file.Length : 0;
            }
        }

        return bytes;
    }

    /// <summary>Removes what a crash left half made: unfinished files, and plain ones whose sealed form is whole.</summary>
    public static void RemoveLeftovers(string directory, JournalDisk disk)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + UnfinishedSuffix))
        {
            disk.Delete(path);
        }

        foreach (var path in Directory.EnumerateFiles(directory, "*" + SealedSuffix))
        {
            disk.Delete(path[..^SealedSuffix.Length]);
        }

        // Of a segment that leaves, or begins, the lines are there for as long as it counts.
        var segments = Segments(directory);
        foreach (var path in Directory.EnumerateFiles(directory, "*" + BodiesSuffix + "*"))
        {
            if (NumberOf(path) is { } segment && (segments.Count == 0 || segment < segments[0] || segment > segments[^1]))
            {
                disk.Delete(path);
            }
        }
    }

    /// <summary>Opens a file that only its owner can read, created with that mode from its first moment. Unbuffered.</summary>
    public static FileStream OpenFile(string path, FileMode mode, FileShare share)
    {
        var stream = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
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

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
