using Dapper;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Postgres;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>Many recorders and one PostgreSQL: one at a time takes away what is due, whole months where it may, and each erases its own journal.</summary>
public sealed class ManyRecordersTests : IDisposable
{
    private static readonly RetentionSettings Due = new() { WordsAge = TimeSpan.FromDays(5) };

    private readonly PostgresTestStore store = PostgresTestStore.Open();

    public void Dispose() => store.Dispose();

    [Fact]
    public async Task While_one_takes_away_what_is_due_another_does_not()
    {
        using var world = new KeepingWorld(StoreKind.Postgres, KeepingWorld.Conversations(), store);
        await world.FillAsync();
        using (var other = Open("other"))
        {
            Assert.True(other.TryBegin());
            await world.LookAsync(Due);
            Assert.All(store.Records(), record => Assert.Equal("kept", record.Content));
        }

        await world.LookAsync(Due);

        Assert.Equal(8, store.Records().Count(record => record.Content == "expired"));
    }

    [Fact]
    public async Task Who_was_fenced_commits_nothing_and_fencing_never_falls()
    {
        using var world = new KeepingWorld(StoreKind.Postgres, KeepingWorld.Conversations(), store);
        await world.FillAsync();
        using var one = Open("one");
        Assert.True(one.TryBegin());
        var words = one.WordsBefore(long.MaxValue, 100);
        Assert.Equal(11, words.Count);
        using var two = Open("two");
        Assert.False(two.TryBegin());
        var before = store.Connection.ExecuteScalar<long>("SELECT fencing FROM leases WHERE name = 'keeping'");
        store.Connection.Execute("UPDATE leases SET expires_at = '-infinity'");
        Assert.True(two.TryBegin());
        Assert.Equal(before + 1, store.Connection.ExecuteScalar<long>("SELECT fencing FROM leases WHERE name = 'keeping'"));
        var state = store.State();

        Assert.Throws<LeaseLostException>(() => one.DropWords(words, Forgetter.Expired));
        Assert.Throws<LeaseLostException>(() => one.RemoveMonths(long.MaxValue));

        Assert.Equal(state, store.State());
        two.DropWords(words, Forgetter.Expired);
        Assert.All(store.Records(), record => Assert.Equal("expired", record.Content));
    }

    [Fact]
    public async Task What_one_recorder_forgets_another_erases_from_its_own_journal()
    {
        var calls = KeepingWorld.Conversation(10, "one", day: 0).ToList();
        using var here = new KeepingWorld(StoreKind.Postgres, [.. calls, .. KeepingWorld.Conversation(20, "one", day: 1)], store);
        using var there = new KeepingWorld(StoreKind.Postgres, KeepingWorld.Conversation(20, "one", day: 1).ToList(), store);
        await WriteAsync(here, calls);
        await WriteAsync(there, KeepingWorld.Conversation(20, "one", day: 1));
        Assert.Equal(6, store.Records().Count);

        await here.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, store.Session("one").SessionId, withFacts: false));

        Assert.All(store.Records(), record => Assert.Equal("erased", record.Content));
        Assert.Equal(3, store.Count("erasures"));
        Assert.DoesNotContain("one-answer", here.Unfolded(), StringComparison.Ordinal);
        Assert.Contains("one-answer", there.Unfolded(), StringComparison.Ordinal);
        Assert.Empty(there.Faults());

        await there.LookAsync();

        Assert.Equal(0, store.Count("erasures"));
        Assert.DoesNotContain("one-answer", there.Unfolded(), StringComparison.Ordinal);
        Assert.Empty(there.Faults());
        Assert.Empty(here.Faults());
    }

    [Fact]
    public async Task A_month_goes_whole_when_all_of_it_may_and_row_by_row_where_a_pin_holds_some()
    {
        // March, April and May; a pinned session has its turns in April.
        List<Told> calls =
        [
            .. KeepingWorld.Conversation(10, "one", day: 0),
            .. KeepingWorld.Conversation(20, "two", day: 40),
            .. KeepingWorld.Conversation(30, "pinned", day: 41),
            .. KeepingWorld.Conversation(40, "three", day: 75),
        ];
        using var world = new KeepingWorld(StoreKind.Postgres, calls, store) { Time = Told.Epoch.AddDays(100) };
        await world.FillAsync();
        var before = Totals();
        Assert.Equal(["2026_03", "2026_04", "2026_05", "2026_06"], Months().Where(month => month.StartsWith("2026_0", StringComparison.Ordinal) && string.CompareOrdinal(month, "2026_03") >= 0 && string.CompareOrdinal(month, "2026_06") <= 0));

        await world.WithAsync(
            async keeping =>
            {
                Assert.True(await keeping.PinAsync(Organisation.None, store.Session("pinned").SessionId, isPinned: true));
                await keeping.LookAsync();
                Assert.Equal((6L, 6L), (keeping.State.WordsExpired, keeping.State.RecordsRemoved));
            },
            new RetentionSettings { WordsAge = TimeSpan.FromDays(30), RecordsAge = TimeSpan.FromDays(50) });

        var left = Months();
        Assert.DoesNotContain("2026_03", left);
        Assert.Contains("2026_04", left);
        Assert.Contains("2026_05", left);
        Assert.Equal(["pinned", "pinned", "pinned", "three", "three", "three"], store.Records().Select(record => record.Session!.HarnessSessionId));
        Assert.Equal(before, Totals());
        Assert.Empty(world.Faults());

        // Somebody's clock was slow: the month comes back with it.
        Assert.Equal(DeliveryVerdict.Accepted, store.Deliver(KeepingWorld.Conversation(50, "late", day: 2).First())[0].Verdict);
        Assert.Contains("2026_03", Months());
    }

    private PostgresRetention Open(string owner) => PostgresRetention.Open(store.ConnectionString, Guid.NewGuid(), owner, TimeProvider.System);

    private static async Task WriteAsync(KeepingWorld world, IEnumerable<Told> calls)
    {
        await using (var journal = world.OpenJournal())
        {
            foreach (var call in calls)
            {
                Assert.True(await journal.AppendAsync(KeepingWorld.Exchange(call)));
            }

            journal.ReportConsumed(IngestLoop.Consumer, journal.DurableEnd);
        }

        world.TakeIn(world.Store.Ingest);
    }

    private string[] Months() => [.. store.Connection.Query<string>("SELECT replace(inhrelid::regclass::text, 'exchanges_', '') FROM pg_inherits WHERE inhparent = 'exchanges'::regclass ORDER BY 1")];

    // Of all sessions that there are or were: exchanges, tokens, money.
    private (long Exchanges, long Output, long Cost) Totals() => store.Connection.QuerySingle<(long, long, long)>(
        """
        SELECT sum(exchanges)::bigint, sum(output)::bigint, sum(cost_nano_usd)::bigint
        FROM (
          SELECT exchanges, output, cost_nano_usd FROM sessions
          UNION ALL
          SELECT exchanges, output, cost_nano_usd FROM archived WHERE session = '00000000-0000-0000-0000-000000000000') t
        """);
}
