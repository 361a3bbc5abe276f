using System.Collections.Concurrent;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>A disk that fails at chosen steps: every change asked of it is one step. A write that fails has written half.</summary>
internal sealed class FaultyDisk
{
    private readonly ConcurrentDictionary<string, long> synced = new();
    private int steps;

    /// <summary>The first step that fails.</summary>
    public int FailsFrom { get; set; } = int.MaxValue;

    /// <summary>The first step that is done again.</summary>
    public int FailsTo { get; set; } = int.MaxValue;

    public TimeSpan SyncTakes { get; init; }

    public int Steps => Volatile.Read(ref steps);

    public JournalDisk Disk => new()
    {
        Create = path =>
        {
            Step();
            return JournalDisk.Real.Create(path);
        },
        Write = (file, buffers, offset) =>
        {
            if (IsFailing())
            {
                JournalDisk.Real.Write(file, [buffers[0][..(buffers[0].Length / 2)]], offset);
                throw new IOException("No space left on device");
            }

            JournalDisk.Real.Write(file, buffers, offset);
        },
        Sync = file =>
        {
            Step();
            if (SyncTakes > TimeSpan.Zero)
            {
                Task.Delay(SyncTakes).Wait();
            }

            synced[NameOf(file)] = RandomAccess.GetLength(file);
        },
        SetLength = (file, length) =>
        {
            Step();
            JournalDisk.Real.SetLength(file, length);
        },
        Move = (from, to) =>
        {
            Step();
            JournalDisk.Real.Move(from, to);
            synced[to] = new FileInfo(to).Length;
        },
        Delete = path =>
        {
            Step();
            JournalDisk.Real.Delete(path);
        },
        SyncDirectory = directory =>
        {
            Step();
            JournalDisk.Real.SyncDirectory(directory);
        },
    };

    /// <summary>Fails from the next step on.</summary>
    public void FailNow() => FailsFrom = Steps;

    public void Heal() => FailsFrom = int.MaxValue;

    /// <summary>Takes from a copy of the directory what no sync had reached: some of it, or its bytes.</summary>
    public void LosePower(string directory, string copy, Random random)
    {
        foreach (var path in Directory.GetFiles(copy).Where(path => Path.GetExtension(path) is ".lines" or ".bodies"))
        {
            using var file = new FileStream(path, FileMode.Open);
            var safe = Math.Min(synced.GetValueOrDefault(Path.Combine(directory, Path.GetFileName(path))), file.Length);
            var kept = safe + random.NextInt64(file.Length - safe + 1);
            if (random.Next(2) == 0)
            {
                file.SetLength(kept);
            }
            else
            {
                file.Position = kept;
                file.Write(new byte[file.Length - kept]);
            }
        }
    }

    private static string NameOf(Microsoft.Win32.SafeHandles.SafeFileHandle file) =>
        new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").ResolveLinkTarget(returnFinalTarget: false)?.FullName ?? "";

    private bool IsFailing()
    {
        var step = Interlocked.Increment(ref steps) - 1;
        return step >= FailsFrom && step < FailsTo;
    }

    private void Step()
    {
        if (IsFailing())
        {
            throw new IOException("Input/output error");
        }
    }
}
