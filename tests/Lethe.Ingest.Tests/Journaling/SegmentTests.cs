using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

public sealed class SegmentTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_full_segment_is_followed_by_another()
    {
        await Write(20, settings => settings with { SegmentBytesMax = 3000 });
        Assert.InRange(Directory.GetFiles(world.Directory, "*.jsonl").Length, 5, 20);
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(20, found.Count);
        using var bodies = new JournalBodies(world.Directory);
        Assert.All(found, read => Assert.Equal(JournalWorld.Form(read.Exchange), JournalWorld.Form(bodies.TryRead(read.At)!)));
    }

    [Fact]
    public async Task A_session_that_repeats_its_history_costs_a_twentieth_and_reads_the_same()
    {
        const int Turns = 60;
        var history = new System.Text.StringBuilder();
        var random = new Random(7);
        await using (var journal = world.Open())
        {
            using var consumer = journal.Consume(default);
            var found = new List<JournaledExchange>();
            for (var turn = 0; turn < Turns; turn++)
            {
                for (var word = 0; word < 600; word++)
                {
                    history.Append((char)('a' + random.Next(26))).Append(random.Next(1000)).Append(word % 9 == 0 ? "\",\n\"" : " ");
                }

                Assert.True(await journal.AppendAsync(JournalWorld.Exchange($"answer {turn}", history.ToString())).WaitAsync(Patience));
                consumer.ReadBatch(found, 10, 1 << 20);
                journal.ReportConsumed(consumer.LowWater);
            }

            Assert.Equal(Turns, found.Count);
        }

        Assert.Empty(Directory.GetFiles(world.Directory, "*.jsonl"));
        var compressed = Directory.GetFiles(world.Directory, "*.br").Sum(file => new FileInfo(file).Length);
        var (all, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(Turns, all.Count);
        var captured = all.Sum(read => read.Exchange.Request.Bytes.Length + read.Exchange.Response.Bytes.Length);
        Assert.InRange(compressed, 1, captured / 20);
        Assert.Equal(history.ToString(), System.Text.Encoding.UTF8.GetString(all[^1].Exchange.Request.Bytes.Span));

        await Write(1, settings => settings);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        Assert.Equal(Turns + 1, world.ReadAll().Exchanges.Count);
    }

    [Fact]
    public async Task Segments_that_nobody_has_read_are_not_compressed()
    {
        await Write(5, settings => settings with { SegmentBytesMax = 1000 });
        Assert.Empty(Directory.GetFiles(world.Directory, "*.br"));
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_is_found()
    {
        await Write(3, settings => settings with { SegmentBytesMax = 2000 });
        foreach (var path in Directory.GetFiles(world.Directory, "*.jsonl"))
        {
            var whole = await File.ReadAllBytesAsync(path);
            for (var at = 0; at < whole.Length; at++)
            {
                whole[at] ^= 4;
                await File.WriteAllBytesAsync(path, whole);
                var found = JournalVerifier.Run(world.Directory);
                Assert.True(found.Faults.Count > 0 || found.UnfinishedBytes > 0, $"A flip at {at} of {Path.GetFileName(path)} went unseen.");
                whole[at] ^= 4;
            }

            await File.WriteAllBytesAsync(path, whole);
        }

        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
    }

    [Fact]
    public async Task Every_fault_is_reported_and_none_is_skipped_unseen()
    {
        await Write(6, settings => settings);
        var lines = await File.ReadAllLinesAsync(world.LastSegment());
        lines[2] = lines[2].Replace("v1", "v2", StringComparison.Ordinal);
        lines[4] = "not a line";
        await File.WriteAllTextAsync(world.LastSegment(), string.Join('\n', lines) + "\n");

        var (read, fault) = world.ReadAll();
        Assert.Single(read);
        Assert.Equal(JournalFaultKind.SealBroken, fault!.Kind);
        Assert.Equal(3, fault.At.Sequence);

        var verified = JournalVerifier.Run(world.Directory);
        Assert.Equal([JournalFaultKind.SealBroken, JournalFaultKind.Malformed], verified.Faults.Select(found => found.Kind));
        Assert.Equal(4, verified.Exchanges);
    }

    [Fact]
    public async Task A_missing_segment_and_a_torn_one_are_named()
    {
        await Write(6, settings => settings with { SegmentBytesMax = 1 });
        var segments = Directory.GetFiles(world.Directory, "*.jsonl").Order(StringComparer.Ordinal).ToArray();
        File.Delete(segments[1]);
        await File.WriteAllBytesAsync(segments[3], (await File.ReadAllBytesAsync(segments[3]))[..^5]);
        var faults = JournalVerifier.Run(world.Directory).Faults;
        Assert.Contains(faults, fault => fault is { Kind: JournalFaultKind.SegmentMissing, At.Segment: 2 });
        Assert.Contains(faults, fault => fault is { Kind: JournalFaultKind.Torn, At.Segment: 4 });
    }

    [Fact]
    public async Task A_damaged_journal_still_takes_new_records()
    {
        await Write(2, settings => settings);
        await File.AppendAllTextAsync(world.LastSegment(), "garbage\n");
        await using (var journal = world.Open())
        {
            Assert.Equal(JournalFaultKind.Malformed, Assert.Single(journal.Repair.Faults).Kind);
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
        }

        var verified = JournalVerifier.Run(world.Directory);
        Assert.Equal(3, verified.Exchanges);
        Assert.Equal(JournalFaultKind.Malformed, Assert.Single(verified.Faults).Kind);
    }

    [Fact]
    public async Task A_compressed_segment_that_is_cut_short_is_found()
    {
        await using (var journal = world.Open())
        {
            await journal.AppendAsync(JournalWorld.Exchange(new string('x', 5000))).WaitAsync(Patience);
            journal.ReportConsumed(journal.DurableEnd);
        }

        var path = Assert.Single(Directory.GetFiles(world.Directory, "*.br"));
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^20]);
        Assert.Equal(JournalFaultKind.Torn, Assert.Single(JournalVerifier.Run(world.Directory).Faults).Kind);
    }

    [Fact]
    public async Task The_segment_of_a_killed_writer_is_whole_after_compression()
    {
        string crashed;
        await using (var journal = world.Open())
        {
            await journal.AppendAsync(JournalWorld.Exchange("before the kill")).WaitAsync(Patience);
            crashed = world.CopyAsCrashed();
        }

        await using (var journal = world.Open(settings => settings with { Directory = crashed }))
        {
            await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience);
            journal.ReportConsumed(journal.DurableEnd);
        }

        Assert.Equal(2, Directory.GetFiles(crashed, "*.br").Length);
        Assert.Empty(JournalVerifier.Run(crashed).Faults);
        using var bodies = new JournalBodies(crashed);
        Assert.All(world.ReadAll(crashed).Exchanges, exchange => Assert.NotNull(bodies.TryRead(exchange.At)));
        Directory.Delete(crashed, recursive: true);
    }

    [Fact]
    public async Task What_a_crash_left_half_made_is_cleared_away()
    {
        await using (var journal = world.Open())
        {
            await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
            File.Copy(world.LastSegment(), Path.Combine(world.Directory, "kept"));
            journal.ReportConsumed(journal.DurableEnd);
        }

        // Killed after the compressed form was named, before the plain one was removed; and while the next segment was begun.
        File.Move(Path.Combine(world.Directory, "kept"), JournalDirectory.PlainPath(world.Directory, 1));
        await File.WriteAllTextAsync(JournalDirectory.UnfinishedPath(world.Directory, "anything"), "x");
        await File.WriteAllTextAsync(JournalDirectory.PlainPath(world.Directory, 2), "{\"seq\":4,\"ki");
        await using (var journal = world.Open())
        {
            Assert.Equal((2, 12), (journal.Repair.Segment, journal.Repair.BytesCut));
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));
        }

        Assert.Equal(2, JournalVerifier.Run(world.Directory).Exchanges);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        Assert.Empty(Directory.GetFiles(world.Directory, "*.tmp"));
        Assert.False(File.Exists(JournalDirectory.PlainPath(world.Directory, 1)));
    }

    [Fact]
    public async Task A_first_segment_that_the_writer_takes_back_is_read_in_its_second_form()
    {
        await Write(1, settings => settings);
        var path = world.LastSegment();
        var whole = await File.ReadAllBytesAsync(path);
        var durable = new JournalPosition(default, 1, 0, 1);
        using var cursor = new JournalCursor(world.Directory, default, () => durable);
        await File.WriteAllBytesAsync(path, []);
        Assert.Equal(CursorStep.End, cursor.Step());

        File.Delete(path);
        await File.WriteAllBytesAsync(path, whole);
        durable = durable with { Offset = whole.Length };
        Assert.Equal(CursorStep.Line, cursor.Step());
    }

    private async Task Write(int count, Func<JournalSettings, JournalSettings> change)
    {
        await using var journal = world.Open(change);
        for (var i = 0; i < count; i++)
        {
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange($"answer {i}")).WaitAsync(Patience));
        }
    }

    public void Dispose() => world.Dispose();
}
