using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

public sealed class JournalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly JournalWorld world = new();

    [Fact]
    public async Task What_was_appended_is_read_back_in_order()
    {
        var sent = Enumerable.Range(0, 50).Select(i => JournalWorld.Exchange($"answer {i} ünïcode\u0001")).ToList();
        await using (var journal = world.Open())
        {
            var written = await Task.WhenAll(sent.Select(journal.AppendAsync)).WaitAsync(Patience);
            Assert.All(written, Assert.True);
        }

        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(sent.Select(JournalWorld.Form), found.Select(read => JournalWorld.Form(read.Exchange)));
        Assert.Equal(found[3].ContentHash, ContentHash.Of(sent[3]));
    }

    [Fact]
    public async Task A_second_run_goes_on_where_the_first_ended()
    {
        for (var run = 0; run < 3; run++)
        {
            await using var journal = world.Open();
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange($"run {run}")).WaitAsync(Patience));
        }

        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.Equal(3, found.Count);
    }

    [Fact]
    public async Task Only_one_process_holds_a_journal()
    {
        await using var journal = world.Open();
        Assert.Throws<IOException>(() => world.Open());
    }

    [Fact]
    public async Task A_journal_cut_at_every_byte_of_its_last_record_loses_only_that_record()
    {
        await using (var journal = world.Open())
        {
            await journal.AppendAsync(JournalWorld.Exchange("first")).WaitAsync(Patience);
            await journal.AppendAsync(JournalWorld.Exchange("last")).WaitAsync(Patience);
            var crashed = world.CopyAsCrashed();
            var segment = JournalWorld.Files(crashed, ".lines").Single();
            var whole = await File.ReadAllBytesAsync(segment);
            var lastLine = Array.LastIndexOf(whole, (byte)'\n', whole.Length - 2) + 1;
            var bodies = await File.ReadAllBytesAsync(JournalDirectory.PlainPath(crashed, 1, SegmentPart.Bodies));
            for (var length = lastLine; length <= whole.Length; length++)
            {
                await File.WriteAllBytesAsync(JournalDirectory.PlainPath(crashed, 1, SegmentPart.Bodies), bodies);
                foreach (var file in JournalWorld.Files(crashed, "*.lines*"))
                {
                    File.Delete(file);
                }

                await File.WriteAllBytesAsync(segment, whole[..length]);
                await using (var mended = Journal.Open(new JournalSettings { Directory = crashed }, TimeProvider.System, NullLogger.Instance))
                {
                    Assert.Equal(length == whole.Length ? 0 : length - lastLine, mended.Repair.BytesCut);
                    Assert.Empty(mended.Repair.Faults);
                }

                var (found, fault) = world.ReadAll(crashed);
                Assert.Null(fault);
                Assert.Equal(length == whole.Length ? 2 : 1, found.Count);
            }
        }
    }

    [Fact]
    public async Task A_consumer_beside_the_writer_sees_each_exchange_once()
    {
        await using var journal = world.Open();
        using var consumer = journal.Consume(default);
        var found = new List<JournaledExchange>();
        var appending = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await journal.AppendAsync(JournalWorld.Exchange($"{i}"));
            }
        });
        using var timeout = new CancellationTokenSource(Patience);
        while (found.Count < 200)
        {
            if (consumer.ReadBatch(found, 16, 1 << 20) == 0)
            {
                await consumer.WaitForMoreAsync(timeout.Token);
            }
        }

        await appending;
        Assert.Null(consumer.Fault);
        Assert.Equal(200, found.Select(read => read.Exchange.Id).Distinct().Count());
        Assert.Equal(default, consumer.Lag());
    }

    [Fact]
    public async Task A_reader_of_an_empty_journal_waits_until_something_comes()
    {
        await using var journal = world.Open(settings => settings with { Strict = true });
        using var consumer = journal.Consume(default);
        using var timeout = new CancellationTokenSource(Patience);
        Assert.Equal(0, consumer.ReadBatch([], 1, 1));
        var more = consumer.WaitForMoreAsync(timeout.Token);
        Assert.False(more.IsCompleted);
        await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
        await more;
        Assert.Equal(1, consumer.ReadBatch([], 1, 1));
    }

    [Fact]
    public async Task What_became_durable_between_a_look_and_a_wait_ends_the_wait_at_once()
    {
        await using var journal = world.Open(settings => settings with { Strict = true });
        using var consumer = journal.Consume(default);
        for (var looks = 0; looks < 3; looks++)
        {
            Assert.Equal(Math.Min(looks, 1), consumer.ReadBatch([], 10, 1 << 20));
            Assert.True(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));
            Assert.True(consumer.WaitForMoreAsync(CancellationToken.None).IsCompletedSuccessfully);
        }
    }

    [Fact]
    public async Task A_reader_that_can_read_nothing_of_a_journal_waits_for_its_writer_too()
    {
        await using var journal = world.Open(settings => settings with { Strict = true });
        await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
        Array.ForEach(JournalWorld.Files(world.Directory, "1.*"), File.Delete);
        using var consumer = journal.Consume(default);
        Assert.Equal(0, consumer.ReadBatch([], 10, 1 << 20));
        Assert.Null(consumer.Fault);
        var more = consumer.WaitForMoreAsync(CancellationToken.None);
        Assert.False(more.IsCompleted);
        await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
        await more.WaitAsync(Patience);
    }

    [Fact]
    public void A_journal_that_nobody_here_writes_cannot_be_waited_for()
    {
        using var consumer = new JournalConsumer(world.Directory, default);
        Assert.Throws<InvalidOperationException>(() => { _ = consumer.WaitForMoreAsync(CancellationToken.None); });
    }

    [Fact]
    public async Task A_store_that_knows_more_than_the_journal_is_told_and_reads_all_of_it()
    {
        await using var journal = world.Open();
        await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
        using var consumer = journal.Consume(new JournalPosition(journal.Id, 9, 400, 70));
        Assert.Equal(0, consumer.ReadBatch([], 1, 1));
        Assert.Equal(JournalFaultKind.Missing, consumer.Fault!.Kind);
        consumer.SkipFault();
        Assert.Equal(1, consumer.ReadBatch([], 1, 1));
        Assert.Null(consumer.Fault);
    }

    [Fact]
    public async Task Files_are_for_their_owner_only()
    {
        Directory.Delete(world.Directory);
        await using var journal = world.Open();
        await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(world.Directory));
            foreach (var file in Directory.GetFiles(world.Directory))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    public void Dispose() => world.Dispose();
}
