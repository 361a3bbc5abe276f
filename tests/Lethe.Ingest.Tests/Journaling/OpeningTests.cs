using System.Globalization;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>What a start costs, in bytes that its thread reads.</summary>
public sealed class OpeningTests : IDisposable
{
    private const long SegmentBytes = 64L * 1024 * 1024;

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_start_reads_the_last_segment_alone_however_large_the_journal_is()
    {
        for (var segment = 0; segment < 2; segment++)
        {
            await using var journal = world.Open();
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await journal.AppendAsync(JournalWorld.Exchange($"answer {i}")));
            }
        }

        var read = (int[])[3, 10, 320];
        Assert.Single(read.Select(ReadByStart).Distinct());
    }

    public void Dispose() => world.Dispose();

    /// <summary>Bytes that the start of a journal of so many segments of 64 MiB reads. All but the last two are holes.</summary>
    private long ReadByStart(int segments)
    {
        var directory = Directory.CreateDirectory(Path.Combine(world.Directory, segments.ToString(CultureInfo.InvariantCulture))).FullName;
        File.Copy(JournalDirectory.IdPath(world.Directory), JournalDirectory.IdPath(directory));
        foreach (var part in (SegmentPart[])[SegmentPart.Lines, SegmentPart.Bodies])
        {
            for (var segment = 1; segment < segments - 1; segment++)
            {
                using var hole = File.OpenHandle(JournalDirectory.PlainPath(directory, segment, part), FileMode.CreateNew, FileAccess.Write);
                RandomAccess.SetLength(hole, SegmentBytes);
            }

            File.Copy(JournalDirectory.PlainPath(world.Directory, 1, part), JournalDirectory.PlainPath(directory, segments - 1, part));
            File.Copy(JournalDirectory.PlainPath(world.Directory, 2, part), JournalDirectory.PlainPath(directory, segments, part));
        }

        // The collector may read a file of its own meanwhile.
        return Enumerable.Range(0, 4).Min(_ =>
        {
            var (told, toTell) = ReadByThisThread();
            var tail = JournalRecovery.Run(directory, JournalDisk.Real);
            Assert.Equal(segments, tail.End.Segment);
            return ReadByThisThread().Bytes - told - toTell;
        });
    }

    /// <summary>Bytes so far, and how many more the asking took.</summary>
    private static (long Bytes, int ToTell) ReadByThisThread()
    {
        var told = File.ReadAllText("/proc/thread-self/io");
        return (long.Parse(told.Split('\n').First(line => line.StartsWith("rchar:", StringComparison.Ordinal))["rchar:".Length..], CultureInfo.InvariantCulture), told.Length);
    }
}
