using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Tests.Terminal;

public sealed class ProgressTests
{
    [Fact]
    public void A_count_is_told_a_few_times_a_second_on_one_line()
    {
        var time = new SetTime();
        using var terminal = new StringWriter { NewLine = "\n" };
        using (var progress = new Progress(terminal, time))
        {
            progress.Begin("reading");
            for (var i = 1; i <= 100; i++)
            {
                time.Now += TimeSpan.FromMilliseconds(10);
                progress.Count(i);
            }

            progress.Begin("comparing");
            progress.Count(1);
        }

        Assert.Equal("reading …\n\r25 exchanges\r50 exchanges\r75 exchanges\r100 exchanges\ncomparing …\n", terminal.ToString());
    }

    private sealed class SetTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
