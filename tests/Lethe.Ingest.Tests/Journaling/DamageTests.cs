using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>Whatever happens to a byte, the journal opens, and the damage has a name.</summary>
public sealed class DamageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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
        await WriteAsync(30, isSealed: false, responseLength: 4000);
        var lines = await File.ReadAllBytesAsync(world.LastSegment());
        var bodies = await File.ReadAllBytesAsync(JournalDirectory.PlainPath(world.Directory, 1, SegmentPart.Bodies));
        var id = await File.ReadAllBytesAsync(JournalDirectory.IdPath(world.Directory));
        var copy = Directory.CreateDirectory(Path.Combine(world.Directory, "copy")).FullName;
        var random = new Random(5);

        // Every byte of the lines, and every so many of the bodies: of them only the length counts.
        var cuts = Enumerable.Range(0, Math.Min(lines.Length, 64 * 1024)).Where(cut => cut < 1500 || cut % 13 == 0).Select(cut => (Lines: cut, Bodies: 0))
            .Concat(Enumerable.Range(0, Math.Min(bodies.Length, 64 * 1024) / 61).Select(cut => (Lines: 0, Bodies: cut * 61)));
        foreach (var (cutLines, cutBodies) in cuts)
        {
            await File.WriteAllBytesAsync(JournalDirectory.PlainPath(copy, 1, SegmentPart.Lines), lines[..^cutLines]);
            await File.WriteAllBytesAsync(JournalDirectory.PlainPath(copy, 1, SegmentPart.Bodies), bodies[..^cutBodies]);
            await File.WriteAllBytesAsync(JournalDirectory.IdPath(copy), id);
            await using (var journal = Journal.Open(world.Settings with { Directory = copy }, TimeProvider.System, NullLogger.Instance))
            {
                if (random.Next(10) == 0)
                {
                    Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
                }
            }

            if (cutBodies == 0)
            {
                var verified = JournalVerifier.Run(copy);
                Assert.True(verified.Faults.Count == 0, $"{cutLines} bytes cut: {string.Join("; ", verified.Faults)}");
            }

            foreach (var file in Directory.GetFiles(copy))
            {
                File.Delete(file);
            }
        }
    }

    public void Dispose() => world.Dispose();

    private async Task StartAsync(string directory)
    {
        await using (var journal = Journal.Open(world.Settings with { Directory = directory }, TimeProvider.System, NullLogger.Instance))
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
