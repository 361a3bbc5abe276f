using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Recording;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>A disk that fails at every step there is, and goes on failing, or heals.</summary>
public sealed class DiskFaultTests : IDisposable
{
    /// <summary>The file that holds the journal's id is made whole before anything else.</summary>
    private const int StepsOfOpening = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_disk_that_dies_at_any_step_takes_nothing_that_was_acknowledged()
    {
        var steps = await StepsOfLifeAsync();
        for (var step = 0; step < steps; step++)
        {
            var directory = NewDirectory();
            var disk = new FaultyDisk { FailsFrom = step };
            var acknowledged = await LiveAsync(directory, disk);

            await using (Journal.Open(world.Settings with { Directory = directory }, TimeProvider.System, NullLogger.Instance))
            {
            }

            AssertHolds(directory, acknowledged, $"step {step}");
        }

        Assert.InRange(steps, 40, 1000);
    }

    [Fact]
    public async Task A_disk_that_heals_after_any_step_holds_everything_that_was_said()
    {
        var steps = await StepsOfLifeAsync();
        for (var step = 0; step < steps; step++)
        {
            var directory = NewDirectory();
            var disk = new FaultyDisk { FailsFrom = step, FailsTo = step + 1 + (step % 3) };
            var all = await LiveAsync(directory, disk, isHealing: true);
            Assert.Equal(step < StepsOfOpening ? 0 : 8, all.Count);
            await using (Journal.Open(world.Settings with { Directory = directory }, TimeProvider.System, NullLogger.Instance))
            {
            }

            AssertHolds(directory, all, $"step {step}");
        }
    }

    [Fact]
    public async Task The_loss_of_power_takes_nothing_that_was_acknowledged()
    {
        var random = new Random(11);
        for (var round = 0; round < 40; round++)
        {
            var directory = NewDirectory();
            var disk = new FaultyDisk();
            var acknowledged = new List<ExchangeId>();
            await using var journal = Open(directory, disk, 6000);
            for (var i = 0; i < 1 + random.Next(12); i++)
            {
                var exchange = JournalWorld.Exchange($"answer {i}");
                Assert.True(await journal.AppendAsync(exchange).WaitAsync(Patience));
                acknowledged.Add(exchange.Id);
            }

            // What is handed over now is in the files, and no sync has reached it.
            disk.FailNow();
            var unsynced = journal.AppendAsync(JournalWorld.Exchange("unsynced"));
            await unsynced.WaitAsync(Patience);
            var copy = NewDirectory();
            foreach (var file in Directory.GetFiles(directory).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            disk.LosePower(directory, copy, random);
            await using (Journal.Open(world.Settings with { Directory = copy }, TimeProvider.System, NullLogger.Instance))
            {
            }

            AssertHolds(copy, acknowledged, $"round {round}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_waits_for_a_disk_that_refuses_and_what_is_held_is_written_when_it_heals(bool strict)
    {
        var directory = NewDirectory();
        var disk = new FaultyDisk();
        await using var journal = Journal.Open(
            world.Settings with { Directory = directory, Strict = strict, Disk = disk.Disk }, TimeProvider.System, NullLogger.Instance);
        await using var recorder = new Recorder(journal, new RecorderSettings { PendingBytesMax = 1 << 20 }, TimeProvider.System, NullLogger.Instance);
        await recorder.WhenDurable(Call(recorder, 100)).AsTask().WaitAsync(Patience);
        disk.FailNow();
        for (var i = 0; i < 200; i++)
        {
            await recorder.WhenDurable(Call(recorder, 20_000)).AsTask().WaitAsync(Patience);
        }

        Assert.False(journal.IsWritable);
        Assert.InRange(recorder.PendingBytes, 100_000, 1 << 20);
        disk.Heal();
        await WaitUntil(() => recorder.PendingBytes == 0);

        Assert.True(journal.IsWritable);
        await recorder.WhenDurable(Call(recorder, 100)).AsTask().WaitAsync(Patience);
        Assert.Empty(JournalVerifier.Run(directory).Faults);
        var found = world.ReadAll(directory).Exchanges;
        Assert.InRange(found.Count, 20, 202);
        Assert.Equal(100, found[^1].Exchange.Request.Bytes.Length);
    }

    [Fact]
    public async Task What_was_handed_over_survives_the_process_however_long_a_sync_takes()
    {
        var directory = NewDirectory();
        var disk = new FaultyDisk { SyncTakes = TimeSpan.FromMilliseconds(300) };
        await using var journal = Open(directory, disk, 1 << 20);
        var first = journal.AppendAsync(JournalWorld.Exchange("first"));
        await WaitUntil(() => Contains(directory, "first"));
        var second = journal.AppendAsync(JournalWorld.Exchange("second"));
        await WaitUntil(() => Contains(directory, "second"));
        Assert.False(second.IsCompleted);
        Assert.True(await first.WaitAsync(Patience));
        Assert.True(await second.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_writer_that_dies_releases_everybody()
    {
        var isBroken = false;
        await using var journal = world.Open(settings => settings with
        {
            Strict = true,
            Disk = new JournalDisk
            {
                Write = (file, buffers, offset) => JournalDisk.Real.Write(file, isBroken ? throw new NotSupportedException("a bug") : buffers, offset),
            },
        });
        isBroken = true;
        await using var recorder = new Recorder(journal, new RecorderSettings(), TimeProvider.System, NullLogger.Instance);
        Assert.False(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));
        for (var i = 0; i < 3; i++)
        {
            await recorder.WhenDurable(Call(recorder, 10)).AsTask().WaitAsync(Patience);
        }

        Assert.False(journal.IsWritable);
        Assert.Equal(0, recorder.InFlight);
    }

    [Fact]
    public async Task A_call_that_has_ended_counts_as_such_until_it_is_on_disk()
    {
        using var disk = new ManualResetEventSlim(true);
        await using var journal = world.Open(settings => settings with
        {
            Strict = true,
            Disk = new JournalDisk
            {
                Write = (file, buffers, offset) => JournalDisk.Real.Write(file, disk.Wait(Patience) ? buffers : throw new IOException("too late"), offset),
            },
        });
        await using var recorder = new Recorder(journal, new RecorderSettings(), TimeProvider.System, NullLogger.Instance);
        disk.Reset();
        _ = recorder.Begin(new ExchangeHead { Door = Door.Forwarding, Method = "POST", Path = "/", Headers = [] });
        var ended = Call(recorder, 10);

        Assert.Equal((2, 1), (recorder.InFlight, recorder.Ended));

        disk.Set();
        await recorder.WhenDurable(ended).AsTask().WaitAsync(Patience);
        Assert.Equal((1, 0), (recorder.InFlight, recorder.Ended));
    }

    public void Dispose() => world.Dispose();

    private static ExchangeBuilder Call(Recorder recorder, int bytes)
    {
        var builder = recorder.Begin(new ExchangeHead { Door = Door.Forwarding, Method = "POST", Path = "/", Headers = [] });
        builder.AppendRequest(new byte[bytes]);
        builder.Finish(Ending.NoResponse);
        return builder;
    }

    private static bool Contains(string directory, string word) =>
        File.Exists(JournalDirectory.PlainPath(directory, 1, SegmentPart.Bodies))
        && File.ReadAllText(JournalDirectory.PlainPath(directory, 1, SegmentPart.Bodies), System.Text.Encoding.Latin1).Contains(word, StringComparison.Ordinal);

    private string NewDirectory() => Directory.CreateDirectory(Path.Combine(world.Directory, Path.GetRandomFileName())).FullName;

    private Journal Open(string directory, FaultyDisk disk, long segmentBytesMax) => Journal.Open(
        world.Settings with { Directory = directory, Disk = disk.Disk, SegmentBytesMax = segmentBytesMax, Strict = true, RetryInterval = TimeSpan.FromMilliseconds(2) },
        TimeProvider.System,
        NullLogger.Instance);

    private async Task<int> StepsOfLifeAsync()
    {
        var disk = new FaultyDisk();
        await LiveAsync(NewDirectory(), disk);
        return disk.Steps;
    }

    /// <summary>Writes, rotates, seals and erases; what was acknowledged and not erased. A disk that fails at the opening lets nothing begin.</summary>
    private async Task<List<ExchangeId>> LiveAsync(string directory, FaultyDisk disk, bool isHealing = false)
    {
        var kept = new List<ExchangeId>();
        Journal journal;
        try
        {
            journal = Open(directory, disk, 2500);
        }
        catch (IOException)
        {
            return kept;
        }

        await using (journal)
        {
            var places = new List<JournaledExchange>();
            using var consumer = journal.Consume(default);
            for (var i = 0; i < 9; i++)
            {
                var exchange = JournalWorld.Exchange($"answer {i}");
                if (await journal.AppendAsync(exchange).WaitAsync(Patience) || isHealing)
                {
                    kept.Add(exchange.Id);
                }

                consumer.ReadBatch(places, 10, 1 << 20);
                journal.ReportConsumed("ingest", consumer.Position);
                if (i == 6)
                {
                    await EraseFirstAsync(journal, places, kept, isHealing);
                }
            }
        }

        return kept;
    }

    private static async Task EraseFirstAsync(Journal journal, List<JournaledExchange> places, List<ExchangeId> kept, bool isHealing)
    {
        using var consumer = journal.Consume(default);
        if (isHealing)
        {
            await WaitUntil(() => consumer.ReadBatch(places, 1, 1) > 0);
        }

        if (places.Count == 0)
        {
            return;
        }

        kept.Remove(places[0].Exchange.Id);
        try
        {
            await journal.EraseAsync([places[0].At], "test").WaitAsync(Patience);
        }
        catch (IOException)
        {
            // The next start goes on with what was decided.
        }
    }

    private void AssertHolds(string directory, List<ExchangeId> acknowledged, string when)
    {
        var verified = JournalVerifier.Run(directory);
        Assert.True(verified.Faults.Count == 0, $"{when}: {string.Join("; ", verified.Faults)}");
        Assert.Equal(0, verified.Open);
        var found = world.ReadAll(directory).Exchanges.Select(read => read.Exchange.Id).ToList();
        Assert.True(found.Distinct().Count() == found.Count, $"{when}: doubled");
        Assert.True(acknowledged.All(found.Contains), $"{when}: {acknowledged.Count(id => !found.Contains(id))} of {acknowledged.Count} are lost");
        Assert.Empty(Directory.GetFiles(directory, "*.erasing"));
    }

    private static async Task WaitUntil(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            await Task.Delay(2, patience.Token);
        }
    }
}
