using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Ingesting;

public sealed class InterpretationTests
{
    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    [InlineData(3600, false)]
    public void What_ended_a_moment_ago_gives_way_to_calls_and_what_is_late_does_not(int secondsAgo, bool givesWay)
    {
        var call = LoopWorld.Calls[0] with { Seconds = null };
        var time = new StoppedTime(call.Exchange().CapturedAt + TimeSpan.FromSeconds(secondsAgo));
        var looks = 0;
        using var pace = new BackgroundPace(() =>
        {
            looks++;
            return default;
        });
        var before = looks;

        var deliveries = Of(time).Of(Batch(call), pace, CancellationToken.None);

        Assert.Equal(call.Id, Assert.Single(deliveries).Told.Exchange.Id);
        Assert.Equal(givesWay, looks > before);
    }

    [Fact]
    public void A_batch_that_becomes_late_under_way_keeps_its_order()
    {
        var calls = LoopWorld.Calls;
        var deliveries = Of(new StoppedTime(Told.Epoch.AddDays(1))).Of(Batch(calls), pace: null, CancellationToken.None);

        Assert.Equal(calls.Select(call => call.Id), deliveries.Select(delivery => delivery.Told.Exchange.Id));
    }

    [Fact]
    public void Told_to_stop_it_stops_between_two_exchanges()
    {
        using var stop = new CancellationTokenSource();
        using var pace = new BackgroundPace(() => default);
        var interpreted = 0;
        var interpretation = new Interpretation(
            exchange =>
            {
                interpreted++;
                stop.Cancel();
                return LoopWorld.Meaning(exchange);
            },
            new IngestSettings(),
            new StoppedTime(Told.Epoch),
            NullLogger.Instance);

        Assert.ThrowsAny<OperationCanceledException>(() => interpretation.Of(Batch(LoopWorld.Calls), pace, stop.Token));
        Assert.Equal(1, interpreted);
    }

    private static Interpretation Of(TimeProvider time) => new(LoopWorld.Meaning, new IngestSettings(), time, NullLogger.Instance);

    private static IngestBatch Batch(params Told[] calls) =>
        new([.. calls.Select(call => new JournaledExchange(call.Exchange(), default))], null, default);

    private sealed class StoppedTime(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
