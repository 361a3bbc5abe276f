using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Recording;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Journaling;

/// <summary>A disk that fails no call, and ends none.</summary>
public sealed class StalledDiskTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly JournalWorld world = new();
    private readonly FaultyDisk disk = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_waits_for_ever_and_everything_is_kept_once_it_answers(bool strict)
    {
        await using var journal = Open(strict);
        await using var recorder = new Recorder(journal, new RecorderSettings(), TimeProvider.System, NullLogger.Instance);
        await recorder.WhenDurable(Call(recorder)).AsTask().WaitAsync(Patience);
        disk.Hang();
        for (var i = 0; i < 50; i++)
        {
            await recorder.WhenDurable(Call(recorder)).AsTask().WaitAsync(Patience);
        }

        Assert.False(journal.IsWritable);
        Assert.Equal(50, recorder.InFlight);
        disk.Answer();
        await WaitUntil(() => journal.IsWritable && recorder.InFlight == 0);
        Assert.True(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));
        Assert.Equal(52, world.ReadAll().Exchanges.Count);
        Assert.Empty(JournalVerifier.Run(world.Directory).Faults);
    }

    [Fact]
    public async Task A_stop_leaves_it_alone_and_keeps_what_it_had_taken()
    {
        var journal = Open(strict: true);
        var recorder = new Recorder(journal, new RecorderSettings(), TimeProvider.System, NullLogger.Instance);
        var first = Call(recorder);
        await recorder.WhenDurable(first).AsTask().WaitAsync(Patience);
        disk.Hang();
        Call(recorder);
        await recorder.DisposeAsync().AsTask().WaitAsync(Patience);
        await journal.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(0, recorder.InFlight);
        Assert.False(journal.IsWritable);
        Assert.False(await journal.AppendAsync(JournalWorld.Exchange()).WaitAsync(Patience));

        var left = world.CopyAsCrashed();
        await using (Journal.Open(world.Settings with { Directory = left }, TimeProvider.System, NullLogger.Instance))
        {
        }

        disk.Answer();
        Assert.Empty(JournalVerifier.Run(left).Faults);
        Assert.Equal([first.Id], world.ReadAll(left).Exchanges.Select(read => read.Exchange.Id));
    }

    public void Dispose() => world.Dispose();

    private Journal Open(bool strict) =>
        world.Open(settings => settings with { Strict = strict, Disk = disk.Disk, StallMax = TimeSpan.FromMilliseconds(200) });

    private static ExchangeBuilder Call(Recorder recorder)
    {
        var builder = recorder.Begin(new ExchangeHead { Door = Door.Forwarding, Method = "POST", Path = "/", Headers = [] });
        builder.AppendRequest(new byte[2000]);
        builder.Finish(Ending.NoResponse);
        return builder;
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
