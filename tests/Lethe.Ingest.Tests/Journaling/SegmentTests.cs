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
        Assert.InRange(JournalWorld.Files(world.Directory, ".lines").Length, 4, 20);
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(20, found.Count);
        using var bodies = new JournalBodies(world.Directory);
        Assert.All(found, read => Assert.Equal(JournalWorld.Form(read.Exchange), JournalWorld.Form(bodies.TryRead(read.At)!)));
    }

    [Fact]
    public async Task A_sealed_segment_reads_the_same_at_every_place()
    {
        await WriteSealed(60, 40_000);
        Assert.Empty(JournalWorld.Files(world.Directory, ".lines"));
        Assert.Empty(JournalWorld.Files(world.Directory, ".bodies"));
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(60, found.Count);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        using var bodies = new JournalBodies(world.Directory);
        Assert.All(Enumerable.Reverse(found), read => Assert.Equal(JournalWorld.Form(read.Exchange), JournalWorld.Form(bodies.TryRead(read.At)!)));
        using var middle = new JournalConsumer(world.Directory, found[30].At);
        var rest = new List<JournaledExchange>();
        middle.ReadBatch(rest, 100, long.MaxValue);
        Assert.Equal(found[30..].Select(read => read.Exchange.Id), rest.Select(read => read.Exchange.Id));

        await Write(1, settings => settings);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        Assert.Equal(61, world.ReadAll().Exchanges.Count);
    }

    [Fact]
    public async Task Segments_that_nobody_has_read_are_not_sealed()
    {
        await Write(5, settings => settings with { SegmentBytesMax = 1000 });
        Assert.Empty(JournalWorld.Files(world.Directory, ".zst"));
    }

    [Fact]
    public async Task Every_fault_is_reported_and_none_is_skipped_unseen()
    {
        await Write(6, settings => settings);
        var lines = await File.ReadAllLinesAsync(world.LastSegment());
        lines[2] = lines[2].Replace("\"status\":200", "\"status\":201", StringComparison.Ordinal);
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
        var segments = JournalWorld.Files(world.Directory, ".lines");
        File.Delete(segments[1]);
        await File.WriteAllBytesAsync(segments[3], (await File.ReadAllBytesAsync(segments[3]))[..^5]);
        var faults = JournalVerifier.Run(world.Directory).Faults;
        Assert.Contains(faults, fault => fault is { Kind: JournalFaultKind.Missing, At.Segment: 2 });
        Assert.Contains(faults, fault => fault is { Kind: JournalFaultKind.Torn, At.Segment: 4 });
    }

    [Fact]
    public async Task Garbage_behind_the_last_line_is_cut_and_the_journal_goes_on()
    {
        await Write(2, settings => settings);
        await File.AppendAllTextAsync(world.LastSegment(), "garbage\n");
        Assert.Equal(JournalFaultKind.Malformed, Assert.Single(JournalVerifier.Run(world.Directory).Faults).Kind);
        await using (var journal = world.Open())
        {
            Assert.Equal(JournalFaultKind.Malformed, Assert.Single(journal.Repair.Faults).Kind);
            Assert.Equal(8, journal.Repair.BytesCut);
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
        }

        var verified = JournalVerifier.Run(world.Directory);
        Assert.Equal(3, verified.Exchanges);
        Assert.Empty(verified.Faults);
    }

    [Fact]
    public async Task A_sealed_file_that_is_cut_short_is_found_and_stops_no_start()
    {
        await WriteSealed(3, 5000);
        foreach (var path in JournalWorld.Files(world.Directory, ".zst"))
        {
            var whole = await File.ReadAllBytesAsync(path);
            await File.WriteAllBytesAsync(path, whole[..^20]);
            Assert.Contains(JournalVerifier.Run(world.Directory).Faults, fault => fault.Kind == JournalFaultKind.Unreadable);
            await using (var journal = world.Open())
            {
                Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
            }

            await File.WriteAllBytesAsync(path, whole);
            foreach (var added in Directory.GetFiles(world.Directory, "00000002.*"))
            {
                File.Delete(added);
            }
        }
    }

    [Fact]
    public async Task The_segment_of_a_killed_writer_is_whole_once_it_is_sealed()
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
            journal.ReportConsumed("ingest", journal.DurableEnd);
        }

        Assert.Equal(4, JournalWorld.Files(crashed, ".zst").Length);
        Assert.Empty(JournalVerifier.Run(crashed).Faults);
        using var bodies = new JournalBodies(crashed);
        Assert.All(world.ReadAll(crashed).Exchanges, exchange => Assert.NotNull(bodies.TryRead(exchange.At)));
    }

    [Fact]
    public async Task What_a_crash_left_half_made_is_cleared_away()
    {
        await using (var journal = world.Open())
        {
            await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
            File.Copy(world.LastSegment(), Path.Combine(world.Directory, "kept"));
            journal.ReportConsumed("ingest", journal.DurableEnd);
        }

        // Killed after the sealed form was named, before the plain one was removed; and while the next segment was begun.
        File.Move(Path.Combine(world.Directory, "kept"), JournalDirectory.PlainPath(world.Directory, 1, SegmentPart.Lines));
        await File.WriteAllTextAsync(JournalDirectory.UnfinishedPath(Path.Combine(world.Directory, "anything")), "x");
        await File.WriteAllTextAsync(JournalDirectory.PlainPath(world.Directory, 2, SegmentPart.Bodies), "words");
        await File.WriteAllTextAsync(JournalDirectory.PlainPath(world.Directory, 2, SegmentPart.Lines), "{\"seq\":4,\"ki");
        await using (var journal = world.Open())
        {
            Assert.Equal((2, 12), (journal.Repair.Segment, journal.Repair.BytesCut));
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));
        }

        Assert.Equal(2, JournalVerifier.Run(world.Directory).Exchanges);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        Assert.Empty(Directory.GetFiles(world.Directory, "*.tmp"));
        Assert.False(File.Exists(JournalDirectory.PlainPath(world.Directory, 1, SegmentPart.Lines)));
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

    [Fact]
    public async Task A_journal_of_the_first_edition_is_refused_and_left_alone()
    {
        var file = Path.Combine(world.Directory, "00000000000000000001.jsonl");
        await File.WriteAllTextAsync(file, "{}");
        Assert.Contains("first edition", Assert.Throws<IOException>(() => world.Open()).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => JournalVerifier.Run(world.Directory));
        Assert.Throws<IOException>(() => new JournalConsumer(world.Directory, default));
        Assert.Equal([file], Directory.GetFiles(world.Directory));
    }

    private async Task WriteSealed(int count, int responseLength)
    {
        await using var journal = world.Open();
        var random = new Random(3);
        for (var i = 0; i < count; i++)
        {
            var bytes = new byte[responseLength];
            random.NextBytes(bytes);
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange(Convert.ToBase64String(bytes))).WaitAsync(Patience));
        }

        journal.ReportConsumed("ingest", journal.DurableEnd);
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
