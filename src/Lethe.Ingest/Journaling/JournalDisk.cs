using Microsoft.Win32.SafeHandles;

namespace Lethe.Ingest.Journaling;

/// <summary>Everything by which the journal changes its disk. Each may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
internal sealed record JournalDisk
{
    public static readonly JournalDisk Real = new();

    /// <summary>Creates a file for its owner only; it must not be there.</summary>
    public Func<string, FileStream> Create { get; init; } = static path =>
        JournalDirectory.OpenFile(path, FileMode.CreateNew, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Hands buffers to the kernel, one behind the other from an offset.</summary>
    public Action<SafeFileHandle, IReadOnlyList<ReadOnlyMemory<byte>>, long> Write { get; init; } = RandomAccess.Write;

    /// <summary>Completes when the file is on the medium.</summary>
    public Action<SafeFileHandle> Sync { get; init; } = RandomAccess.FlushToDisk;

    public Action<SafeFileHandle, long> SetLength { get; init; } = RandomAccess.SetLength;

    /// <summary>Renames a file over another.</summary>
    public Action<string, string> Move { get; init; } = static (from, to) => File.Move(from, to, overwrite: true);

    /// <summary>Removes a file; one that is not there is removed already.</summary>
    public Action<string> Delete { get; init; } = File.Delete;

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    public Action<string> SyncDirectory { get; init; } = JournalDirectory.Sync;
}
