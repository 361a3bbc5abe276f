using System.IO.Compression;

namespace Lethe.Ingest.Journaling;

/// <summary>A segment opened for reading at any offset, whether it lies there plain or compressed.</summary>
internal static class SegmentFile
{
    private const int CopyBytes = 256 * 1024;

    /// <summary>Opens a segment; null when it is not there. A compressed one is unfolded into a nameless file, so that offsets mean the same.</summary>
    public static FileStream? TryOpen(string directory, long segment, out bool isCompressed)
    {
        isCompressed = false;
        try
        {
            return OpenPlain(JournalDirectory.PlainPath(directory, segment));
        }
        catch (FileNotFoundException)
        {
            // The compressed form is whole and named before the plain one goes.
            var compressed = JournalDirectory.CompressedPath(directory, segment);
            isCompressed = File.Exists(compressed);
            return isCompressed ? Unfold(directory, segment, compressed) : null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The seal of the line that ends at an offset; false when none ends there.</summary>
    public static bool TryReadSealBefore(FileStream file, long offset, Span<byte> seal)
    {
        Span<byte> suffix = stackalloc byte[JournalLine.SuffixBytes + 1];
        return offset >= suffix.Length
            && RandomAccess.Read(file.SafeFileHandle, suffix, offset - suffix.Length) == suffix.Length
            && suffix[^1] == '\n'
            && JournalLine.TryReadSeal(suffix[9..^3], seal);
    }

    private static FileStream OpenPlain(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private static FileStream Unfold(string directory, long segment, string compressed)
    {
        var name = string.Create(null, $"reading-{segment}-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        var path = JournalDirectory.UnfinishedPath(directory, name);
        var plain = JournalDirectory.OpenFile(path, FileMode.CreateNew, FileShare.ReadWrite | FileShare.Delete, FileOptions.DeleteOnClose);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }

            using var source = new BrotliStream(OpenPlain(compressed), CompressionMode.Decompress);
            source.CopyTo(plain, CopyBytes);
            return plain;
        }
        catch (InvalidDataException)
        {
            // What could be unfolded stands; the reader misses the segment's last line.
            return plain;
        }
        catch
        {
            plain.Dispose();
            throw;
        }
    }
}
