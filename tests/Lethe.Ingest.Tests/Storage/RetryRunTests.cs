using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>How many stored tries a new one looks at.</summary>
public sealed class RetryRunTests
{
    private const int Stored = 5_000;

    private int read;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_behind_thousands_of_its_like_looks_at_the_last_of_them_only(bool hasSession)
    {
        var session = hasSession ? Guid.NewGuid() : (Guid?)null;

        var run = RetryRun.Read(Try(Stored, session), Backwards(session), []);

        Assert.Equal((1, 1), (read, run.Before.Count));
        Assert.Equal(Stored, run.Before[0].Number);
    }

    [Fact]
    public void A_pause_ends_the_group_and_with_it_the_look_back()
    {
        var late = Try(Stored + (int)(AttemptGroups.GapMicrosecondsMax / 1_000_000), Guid.NewGuid());

        var run = RetryRun.Read(late, Backwards(Guid.NewGuid()), []);

        Assert.Empty(run.Before);
        Assert.Equal(1, read);
    }

    private IEnumerable<Attempt> Backwards(Guid? session)
    {
        for (var second = Stored - 1; second >= 0; second--)
        {
            read++;
            yield return Try(second, session);
        }
    }

    private static Attempt Try(int second, Guid? session) => new()
    {
        OrgId = Organisation.None,
        Clock = new CaptureClock(second * 1_000_000L, new Guid(second, 0, 0, new byte[8])),
        EndedAt = second * 1_000_000L,
        Outcome = Outcome.UpstreamError,
        HasReply = false,
        Heard = Heard.Nothing,
        OwnSession = session,
        Number = second + 1,
    };
}
