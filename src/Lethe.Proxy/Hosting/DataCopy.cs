using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// A data directory into another one, also while a lethe writes it: the store as it is at one moment, then the journal with all that the store was made
/// of, then keys, tokens and whatever else lies there.
/// </summary>
internal static class DataCopy
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryOfOwner = OwnerOnly | UnixFileMode.UserExecute;
    private const string Unfinished = ".tmp";
    private const string Lock = ".lock";

    /// <summary>Files are moved and sealed under way; a directory that is read so often without rest is not a journal.</summary>
    private const int PassesMax = 20;

    /// <param name="to">Not there, or empty; made with mode 0700.</param>
    /// <param name="withStore">False where the store is no file of the directory.</param>
    /// <exception cref="IOException">The disk refuses, or a file keeps vanishing.</exception>
    /// <exception cref="StoreRefusedException">There is no store, or it is of another kind or version.</exception>
    public static void Run(string from, string to, bool withStore)
    {
        Create(to);
        var store = DataLayout.Store(from);
        if (withStore)
        {
            StoreBackup.Write(store, DataLayout.Store(to));
        }

        // The writer hands over what was said before the line that tells of it; so lines are copied first, and what they tell of is there.
        Copy(DataLayout.Journal(from), DataLayout.Journal(to), _ => true);
        Copy(from, to, name => !name.StartsWith(Path.GetFileName(store), StringComparison.Ordinal) && name != ListeningDoors.FileName);
    }

    /// <summary>True where nothing would be written over.</summary>
    public static bool IsFree(string directory) => !Directory.Exists(directory) || !Directory.EnumerateFileSystemEntries(directory).Any();

    private static void Copy(string from, string to, Func<string, bool> isWanted)
    {
        if (!Directory.Exists(from))
        {
            return;
        }

        Create(to);
        for (var pass = 1; !TryCopy(from, to, isWanted); pass++)
        {
            if (pass == PassesMax)
            {
                throw new IOException($"{from} does not come to rest.");
            }
        }
    }

    /// <summary>False when a file was moved away under way: then its successor is copied, and what is no longer there goes.</summary>
    private static bool TryCopy(string from, string to, Func<string, bool> isWanted)
    {
        var names = Directory.EnumerateFiles(from).Select(path => Path.GetFileName(path)!)
            .Where(name => isWanted(name) && !name.EndsWith(Unfinished, StringComparison.Ordinal) && !name.EndsWith(Lock, StringComparison.Ordinal))
            .OrderBy(name => name.Contains("bodies", StringComparison.Ordinal))
            .ThenBy(name => name, StringComparer.Ordinal)
            .ToArray();
        var isWhole = true;
        foreach (var name in names)
        {
            isWhole &= TryCopyFile(Path.Combine(from, name), Path.Combine(to, name));
        }

        if (isWhole && Array.TrueForAll(names, name => File.Exists(Path.Combine(from, name))))
        {
            return true;
        }

        foreach (var name in names)
        {
            File.Delete(Path.Combine(to, name));
        }

        return false;
    }

    private static bool TryCopyFile(string from, string to)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = new FileStream(to, options);
            // What is appended while it is copied belongs to a later moment.
            CopyBytes(source, target, source.Length);
            target.Flush(flushToDisk: true);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static void CopyBytes(FileStream source, FileStream target, long count)
    {
        var buffer = new byte[1024 * 1024];
        while (count > 0 && source.Read(buffer, 0, (int)Math.Min(buffer.Length, count)) is > 0 and var read)
        {
            target.Write(buffer, 0, read);
            count -= read;
        }
    }

    private static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, DirectoryOfOwner);
        }
    }
}
