using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Tests.Keeping;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>What is counted by hour and kind. That it equals the sums, whatever comes in whatever order and goes, is what every invariant of the stores asks.</summary>
public abstract class FigureTests(StoreKind kind)
{
    private static readonly Told[] Day =
    [
        new() { Number = 1, At = 0, Cwd = "/a", Cost = 7 },
        new() { Number = 2, At = 3599, Prompt = ["two"], Cwd = "/b", Cost = 5, CacheWrite = 9, RequestKind = "title" },
        new() { Number = 3, At = 3600, Prompt = ["three"], Harness = "codex", Cost = null, Thread = "agent" },
        new() { Number = 4, At = 90_000, Prompt = ["four"], Reply = null, Outcome = Outcome.UpstreamError },
        new() { Number = 5, At = 90_001, Prompt = ["five"], Org = Hostile.Orgs[1], Cost = 1000 },
    ];

    [Fact]
    public void Costs_are_told_by_day_model_harness_project_agent_and_kind()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Day);

        Assert.Equal([("2026-03-01", 12L), ("2026-03-02", 0)], Costs(store, FigureKey.Day));
        Assert.Equal([("m", 0), ("m-1", 12L)], Costs(store, FigureKey.Model));
        Assert.Equal([("claude-code", 12L), ("codex", 0)], Costs(store, FigureKey.Harness));
        Assert.Equal([("", 0), ("/a", 7L), ("/b", 5)], Costs(store, FigureKey.Project));
        Assert.Equal([("main", 12L), ("sub-agents", 0)], Costs(store, FigureKey.Agent));
        Assert.Equal([("", 7L), ("title", 5)], Costs(store, FigureKey.Kind));
        Assert.Equal([("2026-03-02", 1000L)], store.Reader.Figures(Hostile.Orgs[1], new FigureFilter()).Select(figures => (figures.Key, figures.CostNanoUsd)));

        var all = Figures.Sum("", store.Reader.Figures(Organisation.None, new FigureFilter()));
        Assert.Equal((4, 3, 1, 1, 1), (all.Exchanges, all.Turns, all.Attempts, all.Errors, all.UnpricedTurns));
        Assert.Equal((30, 300, 9, 9), (all.Input, all.CacheRead, all.CacheWrite, all.Output));
    }

    [Fact]
    public void Times_bound_them_by_the_hour_and_buckets_part_them()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(Day);
        var hours = store.Reader.Figures(Organisation.None, new FigureFilter { By = FigureKey.Harness, Bucket = TimeSpan.FromHours(1), Since = Told.Epoch.AddMinutes(5), Until = Told.Epoch.AddHours(2) });
        Assert.Equal([(Told.Epoch, "claude-code", 2L), (Told.Epoch.AddHours(1), "codex", 1)], hours.Select(figures => (figures.At!.Value, figures.Key, figures.Exchanges)));
        Assert.Equal([("2026-03-01", 5L)], store.Reader.Figures(Organisation.None, new FigureFilter { Project = "/b" }).Select(figures => (figures.Key, figures.CostNanoUsd)));
    }

    [Fact]
    public void Whole_days_and_the_hours_around_them_are_read_as_the_hours_are()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. Enumerable.Range(0, 60).Select(at => new Told { Number = at, At = at * 3_700, Prompt = [$"ask {at}"], Cwd = at % 2 == 0 ? "/a" : "/b", Cost = 1L << (at % 30) })]);
        foreach (var (since, until) in new[] { (0, 62), (1, 61), (0, 24), (0, 48), (3, 20), (23, 25), (24, 48), (25, 47), (30, 99) })
        {
            var filter = new FigureFilter { By = FigureKey.Project, Since = Told.Epoch.AddHours(since), Until = Told.Epoch.AddHours(until) };
            var hours = store.Reader.Figures(Organisation.None, filter with { Bucket = TimeSpan.FromHours(1) });
            foreach (var bucket in (TimeSpan?[])[null, TimeSpan.FromDays(1)])
            {
                var expected = hours.GroupBy(figures => (figures.Key, Day: bucket is null ? default : figures.At!.Value.Date)).Select(same => (same.Key.Key, same.Sum(figures => figures.Exchanges), same.Sum(figures => figures.CostNanoUsd)));
                Assert.Equal(expected.Order(), store.Reader.Figures(Organisation.None, filter with { Bucket = bucket }).Select(figures => (figures.Key, figures.Exchanges, figures.CostNanoUsd)).Order());
            }
        }

        Assert.Equal(60, Figures.Sum("", store.Reader.Figures(Organisation.None, new FigureFilter { Since = Told.Epoch })).Exchanges);
    }

    [Fact]
    public void A_call_that_is_tried_again_moves_from_the_turns_to_the_failed_ones()
    {
        using var store = TestStore.Open(kind);
        var tried = new Told { Number = 1, RetryKey = "same", Outcome = Outcome.Incomplete, Cost = 3 };
        store.Deliver(tried);
        Assert.Equal((1, 0, 3, 0), Of(store));
        store.Deliver(tried with { Number = 2, At = 5, Outcome = Outcome.Completed, Cost = 4 });
        Assert.Equal((1, 1, 7, 3), Of(store));

        static (long Turns, long Attempts, long Cost, long FailedCost) Of(TestStore store) =>
            Figures.Sum("", store.Reader.Figures(Organisation.None, new FigureFilter())) is var all ? (all.Turns, all.Attempts, all.CostNanoUsd, all.FailedCostNanoUsd) : default;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_forgotten_stays_counted_and_names_no_project_any_more(bool withFacts)
    {
        using var world = new KeepingWorld(kind, KeepingWorld.Conversations());
        await world.FillAsync();
        var cost = Figures.Sum("", world.Store.Reader.Figures(Organisation.None, new FigureFilter())).CostNanoUsd;
        Assert.Contains("/home/one-cwd", Costs(world.Store, FigureKey.Project).Select(row => row.Key));

        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts));
        Assert.Equal(cost, Figures.Sum("", world.Store.Reader.Figures(Organisation.None, new FigureFilter())).CostNanoUsd);
        Assert.DoesNotContain("/home/one-cwd", Costs(world.Store, FigureKey.Project).Select(row => row.Key));
        Assert.Contains("/home/two-cwd", Costs(world.Store, FigureKey.Project).Select(row => row.Key));
        Assert.Empty(world.Faults());
    }

    [Fact]
    public async Task What_retention_takes_stays_counted()
    {
        using var world = new KeepingWorld(kind, KeepingWorld.Conversations());
        await world.FillAsync();
        var before = world.Store.Reader.Figures(Organisation.None, new FigureFilter());
        await world.LookAsync(new RetentionSettings { WordsAge = TimeSpan.FromDays(5), RecordsAge = TimeSpan.FromDays(6) });
        Assert.Equal(before, world.Store.Reader.Figures(Organisation.None, new FigureFilter()));
        Assert.True(world.Store.Count("exchanges") < before.Sum(figures => figures.Exchanges));
        Assert.Empty(world.Faults());
    }

    private static List<(string Key, long Cost)> Costs(TestStore store, FigureKey by) =>
        [.. store.Reader.Figures(Organisation.None, new FigureFilter { By = by }).Select(figures => (figures.Key, figures.CostNanoUsd))];
}

public sealed class SqliteFigureTests() : FigureTests(StoreKind.Sqlite);

public sealed class PostgresFigureTests() : FigureTests(StoreKind.Postgres);
