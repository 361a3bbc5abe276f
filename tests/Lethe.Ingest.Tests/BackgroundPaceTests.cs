namespace Lethe.Ingest.Tests;

public sealed class BackgroundPaceTests : IDisposable
{
    private readonly BackgroundPace pace;
    private ThreadTimes told;

    public BackgroundPaceTests() => pace = new BackgroundPace(() => told);

    public void Dispose() => pace.Dispose();

    [Theory]
    [InlineData(20, 0, 0)]
    [InlineData(20, 1, 0)]
    [InlineData(20, 10, 400)]
    [InlineData(20, 200, 400)]
    [InlineData(4, 4, 0)]
    [InlineData(500, 500, 1000)]
    public void What_is_beyond_the_allowance_and_had_to_wait_is_followed_by_a_rest_in_proportion(int worked, int waited, int rest)
    {
        Work(1000, 1000);

        Assert.Equal(TimeSpan.FromMilliseconds(rest), Work(worked, waited));
    }

    [Fact]
    public void Each_look_counts_only_what_came_since_the_last()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), Work(1100, 1000));
        Assert.Equal(TimeSpan.Zero, Work(1000, 0));
    }

    [Fact]
    public void A_little_work_is_done_at_once_however_long_it_waits()
    {
        Assert.Equal(TimeSpan.Zero, Work(900, 9000));
        Assert.NotEqual(TimeSpan.Zero, Work(900, 9000));
    }

    [Fact]
    public void Work_that_goes_on_and_on_gets_a_twentieth_of_the_time_also_when_it_pauses_in_between()
    {
        Work(1000, 1000);

        Assert.Equal(TimeSpan.Zero, Work(worked: 10, waited: 10, passed: 200));
        Assert.Equal(TimeSpan.Zero, Work(worked: 100, waited: 100, passed: 2000));
        Assert.Equal(TimeSpan.FromMilliseconds(200), Work(worked: 20, waited: 20, passed: 200));
    }

    [Fact]
    public void The_allowance_that_a_long_pause_gives_is_that_of_the_beginning()
    {
        Work(1000, 1000);

        Assert.Equal(TimeSpan.Zero, Work(worked: 1000, waited: 1000, passed: 3_600_000));
        Assert.Equal(TimeSpan.FromMilliseconds(400), Work(worked: 20, waited: 20));
    }

    private TimeSpan Work(int worked, int waited, int passed = 0)
    {
        told = new ThreadTimes(
            told.Passed + TimeSpan.FromMilliseconds(passed), told.Worked + TimeSpan.FromMilliseconds(worked), told.Waited + TimeSpan.FromMilliseconds(waited));
        return pace.RestDue();
    }
}
