using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

public abstract class LeaseTests(StoreKind kind)
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact]
    public void A_lease_is_one_owners_until_it_is_let_go_and_its_fencing_grows_with_every_owner()
    {
        using var store = TestStore.Open(kind);
        using var another = store.OpenAnother();
        var first = store.Ingest.TryLease("retention", "one", Long)!;
        Assert.Null(another.TryLease("retention", "two", Long));
        var renewed = store.Ingest.TryLease("retention", "one", Long, first)!;
        Assert.Equal((first.Token, first.Fencing), (renewed.Token, renewed.Fencing));

        store.Ingest.Release(first);
        var second = another.TryLease("retention", "two", Long)!;

        Assert.Equal((1L, 2L), (first.Fencing, second.Fencing));
        Assert.Null(store.Ingest.TryLease("retention", "one", Long, first));
    }

    [Fact]
    public void A_holder_that_was_overtaken_commits_nothing()
    {
        using var store = TestStore.Open(kind);
        using var another = store.OpenAnother();
        var lease = store.Ingest.TryLease("writer", "one", TimeSpan.Zero)!;
        store.Ingest.Commit([new Told { Number = 1 }.Delivery()], new CommitOptions { Lease = lease });

        Assert.NotNull(another.TryLease("writer", "two", Long));

        Assert.Throws<LeaseLostException>(() => store.Ingest.Commit([new Told { Number = 2 }.Delivery()], new CommitOptions { Lease = lease }));
        Assert.Single(store.Records());
    }
}

public sealed class SqliteLeaseTests() : LeaseTests(StoreKind.Sqlite);

public sealed class PostgresLeaseTests() : LeaseTests(StoreKind.Postgres);
