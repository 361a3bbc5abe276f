using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>Whatever comes in whatever order, and whatever of it is forgotten or no longer kept, what is counted is the sum of all that ever came.</summary>
public abstract class FigureInvariantTests(StoreKind kind)
{
    private static readonly string[] Sessions = ["one", "two", "three", "child"];
    private static readonly FigureKey[] Keys = [FigureKey.Day, FigureKey.Model, FigureKey.Harness, FigureKey.Agent, FigureKey.Kind];

    [Fact]
    public void Figures_are_the_sums_of_all_that_came_in_any_order_whatever_is_forgotten_and_kept() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(kind == StoreKind.Sqlite ? 4 : 2),
        Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), seed => HoldsAsync(seed).GetAwaiter().GetResult()));

    private async Task HoldsAsync(int seed)
    {
        var random = new Random(seed);
        Told[] told = [.. KeepingWorld.Conversations().Select(one => Varied(one, random))];
        using var once = TestStore.Open(kind);
        once.Deliver(told);
        var expected = Counted(once);

        random.Shuffle(told);
        using var world = new KeepingWorld(kind, told);
        await world.FillAsync();
        Assert.Equal(expected, Counted(world.Store));
        for (var step = 0; step < 4; step++)
        {
            if (random.Next(3) == 0)
            {
                var days = random.Next(1, 9);
                await world.LookAsync(new RetentionSettings { WordsAge = TimeSpan.FromDays(days), RecordsAge = TimeSpan.FromDays(days + random.Next(3)) });
            }
            else if (Sessions[random.Next(Sessions.Length)] is var name && world.Store.Sessions().FirstOrDefault(session => session.HarnessSessionId == name) is { } session)
            {
                await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, session.SessionId, withFacts: random.Next(2) == 0));
            }

            Assert.Equal(expected, Counted(world.Store));
            Assert.Empty(world.Faults());
        }
    }

    // Some fail and are tried again, some have no price, some are of another kind or model.
    private static Told Varied(Told one, Random random) => one with
    {
        Model = random.Next(3) == 0 ? "m-2" : one.Model,
        Cost = random.Next(4) == 0 ? null : random.Next(1, 1000),
        CacheWrite = random.Next(2) == 0 ? null : random.Next(100),
        RequestKind = random.Next(4) == 0 ? "title" : null,
        Thread = random.Next(4) == 0 ? "agent" : null,
        RetryKey = random.Next(3) == 0 ? "again-" + one.Session : null,
        Outcome = random.Next(3) == 0 ? Capture.Outcome.Incomplete : Capture.Outcome.Completed,
        At = one.At + random.Next(7200),
    };

    // All but the project, which is a word of the session's own and goes with it.
    private static List<(FigureKey By, Figures Row)> Counted(TestStore store) =>
        [.. Keys.SelectMany(by => store.Reader.Figures(Organisation.None, new FigureFilter { By = by, Bucket = TimeSpan.FromHours(1) }).Select(row => (by, row)))];
}

public sealed class SqliteFigureInvariantTests() : FigureInvariantTests(StoreKind.Sqlite);

public sealed class PostgresFigureInvariantTests() : FigureInvariantTests(StoreKind.Postgres);
