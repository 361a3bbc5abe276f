using System.Text;

namespace Lethe.Ingest.Journaling;

/// <summary>The journal's id: a file of its own, and a word in every segment's header, which counts when the two differ.</summary>
public static class JournalIdentity
{
    /// <summary>The id in the file; null when there is none, or it is damaged.</summary>
    public static Guid? OfFile(string directory)
    {
        var path = JournalDirectory.IdPath(directory);
        return File.Exists(path) && Guid.TryParseExact(File.ReadAllText(path).Trim(), "D", out var id) ? id : null;
    }

    /// <summary>The id in a segment's header; null when it cannot be read.</summary>
    public static Guid? OfSegment(string directory, long segment) => JournalCursor.TryReadHeader(directory, segment)?.Journal;

    /// <summary>The id of a directory's journal; empty when there is none yet.</summary>
    public static Guid Of(string directory) =>
        JournalDirectory.Segments(directory).OrderDescending().Select(segment => OfSegment(directory, segment)).FirstOrDefault(id => id is not null)
            ?? OfFile(directory)
            ?? Guid.Empty;

    internal static void Write(string directory, Guid id, JournalDisk disk)
    {
        var path = JournalDirectory.IdPath(directory);
        var unfinished = JournalDirectory.UnfinishedPath(path);
        disk.Delete(unfinished);
        using (var file = disk.Create(unfinished))
        {
            disk.Write(file.SafeFileHandle, [Encoding.ASCII.GetBytes(id.ToString("D") + "\n")], 0);
            disk.Sync(file.SafeFileHandle);
        }

        disk.Move(unfinished, path);
        disk.SyncDirectory(directory);
    }
}
