namespace Lethe.Ingest.Tests;

public sealed class BackgroundPaceTests
{
    private (TimeSpan Worked, TimeSpan Waited) told;

    [Theory]
    [InlineData(20, 0, 0)]
    [InlineData(20, 1, 0)]
    [InlineData(20, 10, 180)]
    [InlineData(20, 200, 180)]
    [InlineData(4, 4, 0)]
    [InlineData(500, 500, 1000)]
    public void Work_that_had_to_wait_is_followed_by_a_rest_in_proportion(int worked, int waited, int rest)
    {
        var pace = new BackgroundPace(() => told);

        told = (TimeSpan.FromMilliseconds(worked), TimeSpan.FromMilliseconds(waited));

        Assert.Equal(TimeSpan.FromMilliseconds(rest), pace.RestDue());
    }

    [Fact]
    public void Each_look_counts_only_what_came_since_the_last()
    {
        var pace = new BackgroundPace(() => told);
        told = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), pace.RestDue());

        told = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.Zero, pace.RestDue());
    }
}
