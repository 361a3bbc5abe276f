using System.Globalization;
using System.Runtime.CompilerServices;

namespace Lethe.Proxy.Importing;

/// <summary>What files and folders hold, file by file. What several tell of (a fork copies the history that it goes on from) is told once.</summary>
internal sealed class ImportFiles(ImportFormat? told, TimeProvider time)
{
    // Half of a key's hash: what a whole tree holds stays in memory.
    private readonly HashSet<UInt128> seen = [];

    /// <summary>Calls that another file had told already.</summary>
    public long Repeats { get; private set; }

    /// <summary>Files of a folder that hold nothing of the kind.</summary>
    public long PassedOver { get; private set; }

    public async IAsyncEnumerable<(string File, ImportItem Item)> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        var isFolder = Directory.Exists(path);
        foreach (var file in isFolder ? ImportFormat.FilesIn(path) : [path])
        {
            // What is named by itself and tells nothing may be lines that the door knows how to refuse.
            if ((told ?? ImportFormat.Sniff(file) ?? (isFolder ? null : ImportFormat.Lethe)) is not { } format)
            {
                PassedOver++;
                continue;
            }

            await foreach (var item in format.Read(file, time, cancel))
            {
                if (item.Call is { } call && !seen.Add(UInt128.Parse(call.CommitKey.AsSpan(call.CommitKey.Length - 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)))
                {
                    Repeats++;
                    continue;
                }

                yield return (file, item);
            }
        }
    }
}
