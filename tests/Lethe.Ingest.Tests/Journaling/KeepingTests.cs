using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>What leaves a journal, what is erased from it, and what proves that nothing else did.</summary>
public sealed class KeepingTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_journal_over_its_bound_lets_the_oldest_go_and_stays_provable()
    {
        await using (var journal = world.Open(settings => settings with { SegmentBytesMax = 20_000, BytesMax = 60_000 }))
        {
            using var consumer = journal.Consume(default);
            for (var i = 0; i < 60; i++)
            {
                Assert.True(await journal.AppendAsync(Random(i, 3000)).WaitAsync(Patience));
                consumer.ReadBatch([], 10, 1 << 20);
                journal.ReportConsumed("ingest", consumer.Position);
            }

            await WaitUntil(() => Bytes() < 90_000);
        }

        Assert.True(JournalDirectory.Segments(world.Directory)[0] > 1);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.InRange(found.Count, 5, 40);
    }

    [Fact]
    public async Task Nothing_leaves_before_every_consumer_has_passed_it()
    {
        await using (var journal = world.Open(settings => settings with { SegmentBytesMax = 20_000, BytesMax = 30_000, Consumers = ["ingest", "remote"] }))
        {
            for (var i = 0; i < 30; i++)
            {
                Assert.True(await journal.AppendAsync(Random(i, 3000)).WaitAsync(Patience));
                journal.ReportConsumed("ingest", journal.DurableEnd);
            }
        }

        Assert.Equal(30, world.ReadAll().Exchanges.Count);
        Assert.Empty(JournalWorld.Files(world.Directory, ".zst"));
    }

    [Fact]
    public async Task Segments_that_are_taken_away_are_missed()
    {
        await WriteAsync(6, settings => settings with { SegmentBytesMax = 1 });
        foreach (var file in Directory.GetFiles(world.Directory, "00000001.*"))
        {
            File.Delete(file);
        }

        Assert.Equal(JournalFaultKind.Missing, Assert.Single(JournalVerifier.Run(world.Directory).Faults).Kind);
    }

    [Fact]
    public async Task An_anchor_shows_what_was_cut_off_or_rewritten_behind_it()
    {
        JournalAnchor anchor;
        await using (var journal = world.Open())
        {
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("first")).WaitAsync(Patience));
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("second")).WaitAsync(Patience));
            anchor = journal.Anchor();
        }

        Assert.Empty(JournalVerifier.Run(world.Directory, anchor).Faults);
        Assert.Equal(3, anchor.At.Sequence - 1);
        await WriteAsync(1, settings => settings);
        Assert.Empty(JournalVerifier.Run(world.Directory, anchor).Faults);

        Assert.Equal([JournalFaultKind.Rewritten], JournalVerifier.Run(world.Directory, anchor with { Head = new string('0', 64) }).Faults.Select(fault => fault.Kind));
        Assert.Equal([JournalFaultKind.WrongJournal], JournalVerifier.Run(world.Directory, anchor with { Journal = Guid.Empty }).Faults.Select(fault => fault.Kind));
        foreach (var file in Directory.GetFiles(world.Directory, "00000002.*"))
        {
            File.Delete(file);
        }

        var lines = await File.ReadAllLinesAsync(world.LastSegment());
        await File.WriteAllTextAsync(world.LastSegment(), string.Join('\n', lines[..2]) + "\n");
        Assert.Equal([JournalFaultKind.Truncated], JournalVerifier.Run(world.Directory, anchor).Faults.Select(fault => fault.Kind));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_erased_is_in_no_file_and_everything_else_is_as_it_was(bool isSealed)
    {
        var calls = Conversations();
        await using (var journal = world.Open())
        {
            foreach (var call in calls)
            {
                Assert.True(await journal.AppendAsync(call).WaitAsync(Patience));
            }

            if (isSealed)
            {
                journal.ReportConsumed("ingest", journal.DurableEnd);
            }
        }

        var before = world.ReadAll().Exchanges;
        var mine = before.Where(read => IsMine(read.Exchange)).ToList();
        Assert.True(Unfolded().Contains("mine-secret", StringComparison.Ordinal));
        await using (var journal = world.Open())
        {
            await journal.EraseAsync([.. mine.Select(read => read.At)], "forgotten").WaitAsync(Patience);
            await journal.EraseAsync([.. mine.Select(read => read.At)], "forgotten").WaitAsync(Patience);
        }

        Assert.DoesNotContain("mine-secret", Unfolded(), StringComparison.Ordinal);
        var verified = JournalVerifier.Run(world.Directory);
        Assert.Empty(verified.Faults);
        Assert.Equal(mine.Count, verified.Erased.Count);
        var (after, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(before.Where(read => !IsMine(read.Exchange)).Select(read => JournalWorld.Form(read.Exchange)), after.Select(read => JournalWorld.Form(read.Exchange)));
        using var bodies = new JournalBodies(world.Directory);
        Assert.Null(bodies.TryRead(mine[0].At, out var state));
        Assert.Equal(BodyState.Erased, state);
    }

    [Fact]
    public async Task What_an_earlier_erasure_left_standing_for_a_later_call_goes_with_that_call()
    {
        var shared = "shared-secret " + Words(1, 3000);
        await using var journal = world.Open();
        Assert.True(await journal.AppendAsync(JournalWorld.Exchange("a", shared)).WaitAsync(Patience));
        Assert.True(await journal.AppendAsync(JournalWorld.Exchange("b", shared + "more")).WaitAsync(Patience));
        var read = world.ReadAll().Exchanges;

        await journal.EraseAsync([read[0].At], "one").WaitAsync(Patience);
        Assert.Contains("shared-secret", Unfolded(), StringComparison.Ordinal);
        Assert.Equal(shared + "more", Encoding.UTF8.GetString(Assert.Single(world.ReadAll().Exchanges).Exchange.Request.Bytes.Span));
        await journal.EraseAsync([read[1].At], "two").WaitAsync(Patience);

        Assert.DoesNotContain("shared-secret", Unfolded(), StringComparison.Ordinal);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
        Assert.Empty(world.ReadAll().Exchanges);
    }

    [Fact]
    public async Task What_lies_on_a_damaged_line_cannot_be_found_and_is_counted()
    {
        await WriteAsync(3, settings => settings with { SegmentBytesMax = 1 });
        var places = world.ReadAll().Exchanges.ConvertAll(read => read.At);
        var second = JournalWorld.Files(world.Directory, ".lines").Order(StringComparer.Ordinal).ElementAt(1);
        var text = await File.ReadAllTextAsync(second);
        await File.WriteAllTextAsync(second, text.Replace("\"status\":200", "\"status\":201", StringComparison.Ordinal));
        await using var journal = world.Open();

        Assert.Equal(1, await journal.EraseAsync([places[0], places[1]], "forgotten").WaitAsync(Patience));
        using var bodies = new JournalBodies(world.Directory);
        Assert.Null(bodies.TryRead(places[0], out var state));
        Assert.Equal(BodyState.Erased, state);
    }

    [Fact]
    public async Task A_journal_begun_anew_is_read_from_its_beginning_and_that_is_told()
    {
        await WriteAsync(2, settings => settings);
        var foreign = new JournalPosition(new Guid("00000000-0000-0000-0000-000000000009"), 7, 100, 50);
        using var consumer = new JournalConsumer(world.Directory, foreign);
        Assert.Equal(foreign, consumer.StartedAnewFrom);
        Assert.Equal(2, consumer.ReadBatch([], 10, 1 << 20));
        Assert.NotEqual(foreign.Journal, consumer.Position.Journal);
        using var again = new JournalConsumer(world.Directory, consumer.Position);
        Assert.Null(again.StartedAnewFrom);
        Assert.Equal(0, again.ReadBatch([], 10, 1 << 20));
    }

    [Fact]
    public async Task A_line_of_a_later_version_stops_the_reader_and_its_position_stays_before_it()
    {
        await WriteAsync(1, settings => settings);
        var last = JournalDirectory.Segments(world.Directory)[^1];
        using (var pen = new LinePen(JournalIdentity.Of(world.Directory), []))
        {
            using var cursor = new JournalCursor(world.Directory, new JournalPosition(JournalIdentity.Of(world.Directory), last, 0, 0));
            while (cursor.Step() == CursorStep.Line)
            {
            }

            pen.StartAt(cursor.Position with { Segment = last + 1, Offset = 0 }, 0, cursor.Seal);
            pen.Header();
            pen.Whole(JournalWorld.Exchange());
            var text = Encoding.UTF8.GetString(pen.SealLines().Span).Split('\n');
            var line = text[1].Replace("\"id\"", "\"new_field\":1,\"id\"", StringComparison.Ordinal);
            var seal = new byte[JournalLine.SealBytes];
            Convert.FromHexString(text[0][^66..^2], seal, out _, out _);
            JournalLine.Seal(seal, Encoding.UTF8.GetBytes(line).AsSpan()[..^JournalLine.SuffixBytes], seal);
            line = line[..^66] + Convert.ToHexStringLower(seal) + "\"}";
            await File.WriteAllTextAsync(JournalDirectory.PlainPath(world.Directory, last + 1, SegmentPart.Lines), text[0] + "\n" + line + "\n");
            await File.WriteAllBytesAsync(JournalDirectory.PlainPath(world.Directory, last + 1, SegmentPart.Bodies), [.. pen.Pieces.SelectMany(piece => piece.ToArray())]);
        }

        await using (var journal = world.Open())
        {
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange("after")).WaitAsync(Patience));
        }

        using var consumer = new JournalConsumer(world.Directory, default);
        var found = new List<JournaledExchange>();
        Assert.Equal(1, consumer.ReadBatch(found, 10, 1 << 20));
        Assert.Equal(JournalFaultKind.UnknownVersion, consumer.Fault!.Kind);
        Assert.Equal(consumer.Fault.At, consumer.Position);
        using var again = new JournalConsumer(world.Directory, consumer.Position);
        Assert.Equal(0, again.ReadBatch(found, 10, 1 << 20));
        Assert.Equal(JournalFaultKind.UnknownVersion, again.Fault!.Kind);
    }

    [Fact]
    public async Task The_same_call_has_one_content_hash_however_it_was_written()
    {
        await WriteAsync(1, settings => settings);
        var read = Assert.Single(world.ReadAll().Exchanges);
        var other = read.Exchange with
        {
            Id = new ExchangeId(Guid.Empty),
            CommitKey = "other",
            CapturedAt = read.Exchange.CapturedAt.AddDays(1),
            Duration = null,
            RequestHeaders = [],
            Request = read.Exchange.Request with { Sha256 = null },
        };
        Assert.Equal(read.ContentHash, ContentHash.Of(other));
        Assert.NotEqual(read.ContentHash, ContentHash.Of(other with { Status = 500 }));
        Assert.NotEqual(read.ContentHash, ContentHash.Of(other with { Response = JournalWorld.Body("x") }));
        Assert.NotEqual(read.ContentHash, ContentHash.Of(other with { Request = other.Response, Response = other.Request }));
    }

    public void Dispose() => world.Dispose();

    private static bool IsMine(CapturedExchange exchange) => exchange.RequestHeaders.Any(header => header.Value.StartsWith("mine", StringComparison.Ordinal));

    /// <summary>Two sessions of one caller that take turns, with one system prompt, and each its own history.</summary>
    private static List<CapturedExchange> Conversations()
    {
        var system = Words(7, 2000);
        var calls = new List<CapturedExchange>();
        var (mine, other) = ("", "");
        for (var turn = 0; turn < 6; turn++)
        {
            mine += $"mine-secret-{turn} {Words(100 + turn, 300)}";
            other += $"other-{turn} {Words(200 + turn, 300)}";
            calls.Add(JournalWorld.Exchange($"mine-secret answer {turn} {Words(300 + turn, 500)}", system + mine) with
            {
                RequestHeaders = [new("x-session", "mine-secret-session"), new("user-agent", "agent")],
            });
            calls.Add(JournalWorld.Exchange($"answer {turn}", system + other) with { RequestHeaders = [new("x-session", "other"), new("user-agent", "agent")] });
        }

        return calls;
    }

    private static string Words(int seed, int length)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, length / 8).Select(_ => $"{random.Next(1_000_000):000000}é "));
    }

    private static CapturedExchange Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return JournalWorld.Exchange() with { Response = JournalWorld.Body(bytes) };
    }

    /// <summary>Every byte of every file, unfolded where it is sealed.</summary>
    private string Unfolded()
    {
        var text = new StringBuilder();
        foreach (var path in Directory.GetFiles(world.Directory).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            text.Append(File.ReadAllText(path, Encoding.Latin1));
        }

        foreach (var segment in JournalDirectory.Segments(world.Directory))
        {
            foreach (var part in (SegmentPart[])[SegmentPart.Lines, SegmentPart.Bodies])
            {
                using var file = SegmentFile.TryOpen(world.Directory, segment, part)!;
                var bytes = new byte[file.Length];
                Assert.True(file.TryFill(bytes, 0));
                text.Append(Encoding.Latin1.GetString(bytes));
            }
        }

        return text.ToString();
    }

    private long Bytes() => Directory.GetFiles(world.Directory).Sum(file => new FileInfo(file).Length);

    private async Task WriteAsync(int count, Func<JournalSettings, JournalSettings> change)
    {
        await using var journal = world.Open(change);
        for (var i = 0; i < count; i++)
        {
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange($"answer {i}")).WaitAsync(Patience));
        }
    }

    private static async Task WaitUntil(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
