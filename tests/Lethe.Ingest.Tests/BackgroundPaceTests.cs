namespace Lethe.Ingest.Tests;

public sealed class BackgroundPaceTests
{
    private readonly BackgroundPace pace;
    private (TimeSpan Worked, TimeSpan Waited) told;

    public BackgroundPaceTests() => pace = new BackgroundPace(() => told);

    [Theory]
    [InlineData(20, 0, 0)]
    [InlineData(20, 1, 0)]
    [InlineData(20, 10, 180)]
    [InlineData(20, 200, 180)]
    [InlineData(4, 4, 0)]
    [InlineData(500, 500, 1000)]
    public void Long_work_that_had_to_wait_is_followed_by_a_rest_in_proportion(int worked, int waited, int rest)
    {
        Work(1000, 0);

        Assert.Equal(TimeSpan.FromMilliseconds(rest), Work(worked, waited));
    }

    [Fact]
    public void Each_look_counts_only_what_came_since_the_last()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), Work(1000, 1000));
        Assert.Equal(TimeSpan.Zero, Work(1000, 0));
    }

    [Fact]
    public void A_little_work_is_done_at_once_however_long_it_waits_and_so_is_what_comes_after_a_pause()
    {
        Assert.Equal(TimeSpan.Zero, Work(900, 9000));
        pace.CaughtUp();
        Assert.Equal(TimeSpan.Zero, Work(900, 9000));
        Assert.NotEqual(TimeSpan.Zero, Work(900, 9000));
    }

    private TimeSpan Work(int worked, int waited)
    {
        told = (told.Worked + TimeSpan.FromMilliseconds(worked), told.Waited + TimeSpan.FromMilliseconds(waited));
        return pace.RestDue();
    }
}
