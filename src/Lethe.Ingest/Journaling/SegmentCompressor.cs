using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Journaling;

/// <summary>Compresses sealed segments that the consumer has passed, one at a time, away from the writer.</summary>
internal sealed class SegmentCompressor : IAsyncDisposable
{
    private readonly string directory;
    private readonly ILogger logger;
    private readonly CancellationTokenSource hurry = new();
    private readonly SemaphoreSlim work = new(0);
    private readonly Lock gate = new();
    private readonly Task compressing;
    private JournalPosition passed;
    private JournalPosition sealedTo;
    private long live = long.MaxValue;
    private bool stopping;

    public SegmentCompressor(string directory, ILogger logger)
    {
        this.directory = directory;
        this.logger = logger;
        compressing = OwnThread.Start(Run);
    }

    /// <summary>The consumer needs nothing before this again.</summary>
    public void Passed(JournalPosition lowWater)
    {
        lock (gate)
        {
            var moved = lowWater.Segment > passed.Segment;
            passed = lowWater;
            if (moved)
            {
                work.Release();
            }
        }
    }

    /// <summary>The segment that is being written.</summary>
    public void Live(long segment)
    {
        lock (gate)
        {
            live = segment == 0 ? long.MaxValue : segment;
        }
    }

    /// <summary>The last segment was sealed for good; it ends here.</summary>
    public void Sealed(JournalPosition end)
    {
        lock (gate)
        {
            sealedTo = end;
            live = long.MaxValue;
        }
    }

    /// <summary>Compresses what may be compressed now, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            stopping = true;
            work.Release();
        }

        // Who waits for the end waits for no calls.
        await hurry.CancelAsync().ConfigureAwait(false);
        await compressing.ConfigureAwait(false);
        work.Dispose();
        hurry.Dispose();
    }

    private void Run()
    {
        var pace = new BackgroundPace();
        bool last;
        do
        {
            work.Wait();
            lock (gate)
            {
                last = stopping;
            }

            foreach (var segment in JournalDirectory.Segments(directory).Where(MayCompress))
            {
                Compress(segment, pace);
            }
        }
        while (!last);
    }

    private bool MayCompress(long segment)
    {
        lock (gate)
        {
            // Behind the last exchange of a sealed segment stands its last line, which no consumer has to have read.
            var wholePassed = segment < passed.Segment || (segment == sealedTo.Segment && passed.Sequence >= sealedTo.Sequence - 1);
            return wholePassed && segment < live && File.Exists(JournalDirectory.PlainPath(directory, segment));
        }
    }

    private void Compress(long segment, BackgroundPace pace)
    {
        try
        {
            var (before, after) = SegmentCompression.Run(directory, segment, () => pace.GiveWay(hurry.Token));
            Log.SegmentCompressed(logger, segment, before, after);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.CompressionFailed(logger, segment, error);
        }
    }
}
