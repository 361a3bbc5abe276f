namespace Lethe.Proxy.Recording;

/// <summary>What a data directory takes on its disk, in bytes, and what is free there.</summary>
public sealed record DataSizes(long JournalBytes, long StoreBytes, long FreeBytes)
{
    internal static DataSizes Of(string dataDirectory)
    {
        var store = DataLayout.Store(dataDirectory);
        return new DataSizes(
            BytesIn(DataLayout.Journal(dataDirectory), "*"),
            BytesIn(Path.GetDirectoryName(store)!, Path.GetFileName(store) + "*"),
            new DriveInfo(Path.GetFullPath(dataDirectory)).AvailableFreeSpace);
    }

    private static long BytesIn(string directory, string pattern) =>
        Directory.Exists(directory) ? new DirectoryInfo(directory).EnumerateFiles(pattern).Sum(Length) : 0;

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Compressed or moved since the directory was read.
            return 0;
        }
    }
}
