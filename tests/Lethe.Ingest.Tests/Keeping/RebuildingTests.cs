using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>What a journal can build again of what was erased, and what only the store knows.</summary>
public abstract class RebuildingTests(StoreKind kind)
{
    [Fact]
    public async Task A_replay_over_the_store_keeps_what_erased_calls_counted()
    {
        using var world = await ErasedAsync(withFacts: false);
        var before = world.Counters();

        var replay = world.TakeIn(world.Store.Ingest);

        Assert.Equal(before, world.Counters());
        Assert.Equal(0, replay.Count(Meaning.DeliveryVerdict.Accepted));
        Assert.Equal(0, Unknown(world, world.Store));
    }

    [Fact]
    public async Task Calls_that_were_erased_with_their_facts_are_known_by_their_receipts()
    {
        using var world = await ErasedAsync(withFacts: true);
        Assert.Equal(0, Unknown(world, world.Store));
    }

    [Fact]
    public async Task A_store_that_is_built_anew_tells_how_many_erased_calls_it_lacks()
    {
        using var world = await ErasedAsync(withFacts: false);
        using var anew = TestStore.Open(kind);
        world.TakeIn(anew.Ingest);
        Assert.Equal(3, Unknown(world, anew));
    }

    [Fact]
    public async Task A_place_in_the_order_of_commits_is_given_to_nobody_again_when_the_newest_records_go()
    {
        using var world = new KeepingWorld(kind, [.. KeepingWorld.Conversation(10, "one", day: 0)]);
        await world.FillAsync();
        var last = world.Store.Reader.LastChange(Organisation.None);
        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("one").SessionId, withFacts: true));
        Assert.Equal(0, world.Store.Reader.LastChange(Organisation.None));

        world.Store.Deliver(new Told { Number = 99, Session = "later" });
        Assert.Equal(last + 1, world.Store.Reader.LastChange(Organisation.None));
    }

    private async Task<KeepingWorld> ErasedAsync(bool withFacts)
    {
        var world = new KeepingWorld(kind, KeepingWorld.Conversations());
        await world.FillAsync();
        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("three").SessionId, withFacts));
        return world;
    }

    private static int Unknown(KeepingWorld world, TestStore store)
    {
        var erased = JournalVerifier.Run(world.Journal).Erased;
        Assert.Equal(3, erased.Count);
        return store.Reader.CountUnknown(Organisation.None, [.. erased.Select(call => call.Id.Value)]);
    }
}

public sealed class SqliteRebuildingTests() : RebuildingTests(StoreKind.Sqlite);

public sealed class PostgresRebuildingTests() : RebuildingTests(StoreKind.Postgres);
