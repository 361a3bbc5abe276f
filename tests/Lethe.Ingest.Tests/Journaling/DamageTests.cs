using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>Whatever happens to a byte, the journal opens, and the damage has a name.</summary>
public sealed class DamageTests : IDisposable
{
    private const int EndBytes = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What is asked of the disk here is not to be there after a loss of power.</summary>
    private static readonly JournalDisk Unsynced = new() { Sync = static _ => { }, SyncDirectory = static _ => { } };

    private readonly JournalWorld world = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flip_of_any_byte_is_found_and_stops_no_start(bool isSealed)
    {
        await WriteAsync(3, isSealed);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        var files = Directory.GetFiles(world.Directory, "0*").Append(JournalDirectory.IdPath(world.Directory)).ToDictionary(file => file, File.ReadAllBytes);
        Assert.Equal(isSealed ? 2 : 0, files.Keys.Count(file => file.EndsWith(".zst", StringComparison.Ordinal)) / 2);
        var copy = Directory.CreateDirectory(Path.Combine(world.Directory, "copy")).FullName;
        foreach (var (path, whole) in files)
        {
            for (var at = 0; at < whole.Length; at++)
            {
                foreach (var (other, bytes) in files)
                {
                    await File.WriteAllBytesAsync(Path.Combine(copy, Path.GetFileName(other)), bytes);
                }

                whole[at] ^= 4;
                await File.WriteAllBytesAsync(Path.Combine(copy, Path.GetFileName(path)), whole);
                whole[at] ^= 4;
                var found = JournalVerifier.Run(copy);
                Assert.True(found.Faults.Count > 0 || found.UnfinishedBytes > 0, $"A flip at {at} of {Path.GetFileName(path)} went unseen.");
                if (at % 7 == 0)
                {
                    await StartAsync(copy);
                }
                else
                {
                    Assert.NotEqual(default, JournalRecovery.Run(copy, Unsynced).Journal);
                }

                foreach (var file in Directory.GetFiles(copy))
                {
                    File.Delete(file);
                }
            }
        }
    }

    [Fact]
    public async Task A_journal_cut_at_any_byte_of_its_end_opens_and_loses_only_what_was_cut()
    {
        await WriteAsync(30, isSealed: false, responseLength: 2400);
        var lines = await File.ReadAllBytesAsync(world.LastSegment());
        var ends = Enumerable.Range(1, lines.Length).Where(end => lines[end - 1] == '\n').ToList();
        var copy = Copy(withId: true);
        using var file = File.OpenHandle(JournalDirectory.PlainPath(copy, 1, SegmentPart.Lines), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (var length = lines.Length - 1; length >= Math.Max(0, lines.Length - EndBytes); length--)
        {
            RandomAccess.SetLength(file, length);
            var end = SegmentEnd.Find(copy, 1);
            Assert.Equal(ends.LastOrDefault(whole => whole <= length), end.LinesEnd);
            if (ends.Contains(length))
            {
                await StartAsync(Copy(withId: true, lines[..(length + (length % 50))]));
            }
        }
    }

    [Fact]
    public async Task What_was_said_cut_at_any_byte_of_its_end_stops_no_start()
    {
        await WriteAsync(30, isSealed: false, responseLength: 2400);
        var copy = Copy(withId: true);
        using var file = File.OpenHandle(JournalDirectory.PlainPath(copy, 1, SegmentPart.Bodies), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var whole = RandomAccess.GetLength(file);
        Assert.True(whole > EndBytes);
        var synced = SegmentEnd.Find(copy, 1).NextSequence;
        for (var length = whole - 1; length >= whole - EndBytes; length--)
        {
            RandomAccess.SetLength(file, length);
            var end = SegmentEnd.Find(copy, 1);
            Assert.InRange(end.NextSequence, 2, synced);
            synced = end.NextSequence;
            if (length % 997 == 0)
            {
                await StartAsync(Copy(withId: false, bodiesLength: length));
            }
        }
    }

    public void Dispose() => world.Dispose();

    /// <summary>The journal of one segment in another directory, with less of it.</summary>
    private string Copy(bool withId, byte[]? lines = null, long? bodiesLength = null)
    {
        var copy = Directory.CreateDirectory(Path.Combine(world.Directory, Path.GetRandomFileName())).FullName;
        File.WriteAllBytes(JournalDirectory.PlainPath(copy, 1, SegmentPart.Lines), lines ?? File.ReadAllBytes(world.LastSegment()));
        File.Copy(JournalDirectory.PlainPath(world.Directory, 1, SegmentPart.Bodies), JournalDirectory.PlainPath(copy, 1, SegmentPart.Bodies));
        if (bodiesLength is { } length)
        {
            using var bodies = File.OpenHandle(JournalDirectory.PlainPath(copy, 1, SegmentPart.Bodies), FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.SetLength(bodies, length);
        }

        if (withId)
        {
            File.Copy(JournalDirectory.IdPath(world.Directory), JournalDirectory.IdPath(copy));
        }

        return copy;
    }

    private async Task StartAsync(string directory)
    {
        await using (var journal = Journal.Open(world.Settings with { Directory = directory, Disk = Unsynced }, TimeProvider.System, NullLogger.Instance))
        {
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
        }

        using var consumer = new JournalConsumer(directory, default);
        var found = new List<JournaledExchange>();
        while (consumer.ReadBatch(found, 10, 1 << 20) > 0 || consumer.Fault is not null)
        {
            if (consumer.Fault is not null)
            {
                consumer.SkipFault();
            }
        }

        Assert.Contains("after", found.Select(read => System.Text.Encoding.UTF8.GetString(read.Exchange.Response.Bytes.Span)));
    }

    /// <summary>Two segments, the first of them closed.</summary>
    private async Task WriteAsync(int count, bool isSealed, int responseLength = 10)
    {
        for (var run = 0; run < (isSealed || responseLength == 10 ? 2 : 1); run++)
        {
            await using var journal = world.Open();
            for (var i = 0; i < count; i++)
            {
                Assert.True(await journal.AppendAsync(JournalWorld.Exchange(new string((char)('a' + i), responseLength))).WaitAsync(Patience));
            }

            if (isSealed)
            {
                journal.ReportConsumed("ingest", journal.DurableEnd);
            }
        }
    }
}
