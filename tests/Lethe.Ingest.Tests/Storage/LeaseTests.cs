using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
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
    public void An_owner_that_comes_again_takes_its_own_and_fences_whoever_held_it_in_its_name()
    {
        using var store = TestStore.Open(kind);
        using var another = store.OpenAnother();
        var before = store.Ingest.TryLease("journal", "one", Long)!;

        var after = another.TryLease("journal", "one", Long)!;

        Assert.Equal(before.Fencing + 1, after.Fencing);
        Assert.Null(store.Ingest.TryLease("journal", "one", Long, before));
        Assert.Throws<LeaseLostException>(() => store.Ingest.Commit([new Told { Number = 1 }.Delivery()], new CommitOptions { Lease = before }));
        Assert.Empty(store.Records());
    }

    [Fact]
    public void Of_two_that_take_in_one_journal_one_does_and_the_fenced_one_commits_nothing()
    {
        using var store = TestStore.Open(kind);
        var time = new SteppedTime();
        var journal = Guid.NewGuid();
        using var one = new IngestStore(store.OpenAnother(), journal, time, "one");
        var refused = Assert.Throws<StoreUnavailableException>(() => new IngestStore(store.OpenAnother(), journal, time, "two"));
        Assert.Contains("copy of the data directory", refused.Message, StringComparison.Ordinal);
        one.Commit([new Told { Number = 1 }.Delivery()], At(1), unreadLine: null);
        // A third of its time has passed: it is renewed, by the clock that it was given.
        time.Now += TimeSpan.FromSeconds(30);
        one.Commit([new Told { Number = 2 }.Delivery()], At(2), unreadLine: null);

        using var again = new IngestStore(store.OpenAnother(), journal, time, "one");

        Assert.Throws<LeaseLostException>(() => one.Commit([new Told { Number = 3 }.Delivery()], At(3), unreadLine: null));
        time.Now += TimeSpan.FromSeconds(30);
        Assert.Throws<LeaseLostException>(() => one.Commit([new Told { Number = 3 }.Delivery()], At(3), unreadLine: null));
        Assert.Equal(2, again.Cursor.Sequence);
        Assert.Equal(2, store.Records().Count);

        JournalPosition At(long sequence) => new(journal, 1, 0, sequence);
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

    [Fact]
    public void Fencing_never_decreases_however_a_lease_changes_hands()
    {
        using var store = TestStore.Open(kind);
        List<long> fencing = [];
        for (var i = 0; i < 12; i++)
        {
            var lease = store.Ingest.TryLease("retention", $"owner {i % 4}", i % 3 == 0 ? TimeSpan.Zero : Long)!;
            fencing.Add(lease.Fencing);
            if (i % 3 == 1)
            {
                store.Ingest.Release(lease);
            }
            else if (i % 3 == 2)
            {
                store.Ingest.Release(lease);
                store.Reopen();
            }
        }

        Assert.Equal(Enumerable.Range(1, 12).Select(number => (long)number), fencing);
    }

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}

public sealed class SqliteLeaseTests() : LeaseTests(StoreKind.Sqlite);

public sealed class PostgresLeaseTests() : LeaseTests(StoreKind.Postgres);
