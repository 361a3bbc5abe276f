using System.Buffers;
using System.IO.Compression;

namespace Lethe.Ingest.Journaling;

/// <summary>Turns a sealed segment into its Brotli form (RFC 7932), whose window of 16 MiB sees a session's repeated history.</summary>
internal static class SegmentCompression
{
    private const int Quality = 5;
    private const int WindowBits = 24;
    private const int CopyBytes = 256 * 1024;

    /// <summary>Writes the compressed form, makes it durable and named, then removes the plain one. Tells both sizes.</summary>
    /// <param name="betweenReads">Called between two slices of work.</param>
    public static (long Before, long After) Run(string directory, long segment, Action betweenReads)
    {
        var path = JournalDirectory.PlainPath(directory, segment);
        var compressed = JournalDirectory.CompressedPath(directory, segment);
        var unfinished = JournalDirectory.UnfinishedPath(directory, Path.GetFileName(compressed));
        using var plain = JournalDirectory.OpenFile(path, FileMode.Open, FileShare.ReadWrite | FileShare.Delete);
        long after;
        using (var target = JournalDirectory.OpenFile(unfinished, FileMode.Create, FileShare.None))
        {
            Copy(plain, target, betweenReads);
            target.Flush(flushToDisk: true);
            after = target.Length;
        }

        File.Move(unfinished, compressed, overwrite: true);
        JournalDirectory.Sync(directory);
        File.Delete(path);
        JournalDirectory.Sync(directory);
        return (plain.Length, after);
    }

    private static void Copy(FileStream plain, FileStream target, Action betweenReads)
    {
        var encoder = new BrotliEncoder(Quality, WindowBits);
        var read = ArrayPool<byte>.Shared.Rent(CopyBytes);
        var written = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            OperationStatus status;
            do
            {
                betweenReads();
                var count = plain.Read(read);
                ReadOnlySpan<byte> rest = read.AsSpan(0, count);
                do
                {
                    status = encoder.Compress(rest, written, out var consumed, out var produced, isFinalBlock: count == 0);
                    target.Write(written, 0, produced);
                    rest = rest[consumed..];
                }
                while (status == OperationStatus.DestinationTooSmall || !rest.IsEmpty);

                if (count == 0)
                {
                    return;
                }
            }
            while (status != OperationStatus.InvalidData);

            throw new IOException("The encoder refused its input.");
        }
        finally
        {
            encoder.Dispose();
            ArrayPool<byte>.Shared.Return(read);
            ArrayPool<byte>.Shared.Return(written);
        }
    }
}
