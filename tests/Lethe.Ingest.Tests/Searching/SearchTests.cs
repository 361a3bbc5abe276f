using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Searching;

public abstract class SearchTests(StoreKind kind)
{
    [Theory]
    [InlineData("webhook", "1 2")]
    [InlineData("WEBHOOK retry", "1 2")]
    [InlineData("retr* zebra", "")]
    [InlineData("deterministic retr*", "1")]
    [InlineData("scheduleRetry(", "2")]
    [InlineData("eduleRe", "2")]
    [InlineData("edulere", "")]
    [InlineData("toolu_0", "2")]
    [InlineData("\"the webhook\"", "1 2")]
    [InlineData("\"webhook the\"", "")]
    [InlineData("schedule", "2")]
    [InlineData("overloaded_error", "3")]
    [InlineData("nowhere-at-all", "")]
    [InlineData("it's", "")]
    [InlineData("100%_done", "3")]
    [InlineData("100x_done", "")]
    public async Task Words_code_and_phrases_are_found_in_the_turn_that_said_them_first(string text, string turns)
    {
        using var store = TestStore.Open(kind);
        store.Deliver(
            new Told { Number = 1, At = 1, Prompt = ["Make the webhook retry deterministic"], Reply = "yes" },
            new Told { Number = 2, At = 2, Prompt = ["Make the webhook retry deterministic", "yes", "go"], Reply = "I call scheduleRetry(attempt) for the webhook, as toolu_01 says" },
            new Told { Number = 3, At = 3, Prompt = ["Make the webhook retry deterministic", "yes", "go", "on"], Reply = null, Outcome = Capture.Outcome.UpstreamError, Error = "overloaded_error" },
            new Told { Number = 4, At = 4, Prompt = ["Make the webhook retry deterministic", "yes", "go", "on"], Reply = "100%_done" });
        await IndexAsync(store);

        // What the failed call said belongs to the turn after it.
        Assert.Equal(turns.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).OrderDescending(), Find(store, text).Hits.Select(hit => hit.Turn!.Value));
    }

    [Fact]
    public async Task A_hit_tells_its_session_its_call_and_what_stands_around_it()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Session = "a", Prompt = ["please"], Reply = "one\ntwo needle three" });
        await IndexAsync(store);

        var hit = Assert.Single(Find(store, "NEEDLE").Hits);
        Assert.Equal((store.Session("a").SessionId, "a", "assistant", SearchPart.Said, "m-1"), (hit.SessionId, hit.HarnessSessionId, hit.Role, hit.In, hit.Model));
        Assert.Equal([("one two ", false), ("needle", true), (" three", false)], hit.Snippet.Select(run => (run.Text, run.IsHit)));
    }

    [Fact]
    public async Task What_a_turn_said_before_it_was_told_anew_is_in_the_index_no_more()
    {
        using var store = TestStore.Open(kind);
        var told = new Told { Number = 1, CommitKey = "k", IsTurnEvent = true, Reply = "oldword here" };
        store.Deliver(told, new Told { Number = 3, At = 5, Session = "other", Prompt = ["elsewhere"], Reply = "yes" });
        await IndexAsync(store);
        Assert.Equal((true, 1), (IsIndexed(store, "oldword"), Find(store, "oldword").Hits.Count));

        store.Deliver(told with { Number = 2, Content = "anew", Reply = "newword here" });
        await IndexAsync(store);
        Assert.Equal((false, 0, 1, 1), (IsIndexed(store, "oldword"), Find(store, "oldword").Hits.Count, Find(store, "newword").Hits.Count, Find(store, "elsewhere").Hits.Count));
    }

    [Fact]
    public async Task Filters_add_up_and_pages_follow_each_other()
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. Enumerable.Range(1, 9).Select(number => new Told
        {
            Number = number,
            At = number,
            Session = number % 2 == 0 ? "even" : "odd",
            Harness = number % 3 == 0 ? "codex" : "claude-code",
            Prompt = [$"needle {number}"],
            Reply = "fine",
            RequestKind = number == 4 ? "title" : null,
            System = $"system-needle of {number % 2}",
        })]);
        await IndexAsync(store);

        int[] Numbers(SearchFilter filter) => [.. Find(store, "needle", filter with { Parts = [SearchPart.Said] }).Hits.Select(hit => Number(hit.ExchangeId))];
        Assert.Equal([9, 6, 3], Numbers(new SearchFilter { HarnessId = "codex" }));
        Assert.Equal([4], Numbers(new SearchFilter { Kind = "title" }));
        Assert.Equal([6, 5], Numbers(new SearchFilter { Since = Told.Epoch.AddSeconds(5), Until = Told.Epoch.AddSeconds(7) }));
        Assert.Equal([8, 4, 2], Numbers(new SearchFilter { SessionId = store.Session("even").SessionId }));
        Assert.Empty(Numbers(new SearchFilter { Model = "another" }));
        Assert.Equal(4, Find(store, "system-needle", new SearchFilter { Parts = [SearchPart.System] }).Hits.Count);

        var pages = new List<int>();
        for (SearchCursor? place = null; ;)
        {
            var page = Find(store, "needle", new SearchFilter { Parts = [SearchPart.Said], Limit = 2, After = place });
            pages.AddRange(page.Hits.Select(hit => Number(hit.ExchangeId)));
            Assert.True(page.NextCursor is null || SearchCursor.TryParse(page.NextCursor.ToString(), out _));
            if (page.NextCursor is null)
            {
                break;
            }

            place = page.NextCursor;
        }

        Assert.Equal(Enumerable.Range(1, 9).Reverse(), pages);
    }

    [Fact]
    public async Task Nobody_finds_what_another_organisation_said()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Prompt = ["needle"] }, new Told { Number = 2, Prompt = ["needle"], Org = Hostile.Orgs[1] });
        await IndexAsync(store);

        Assert.Equal(1, Number(Assert.Single(Find(store, "needle").Hits).ExchangeId));
        Assert.Equal(2, Number(Assert.Single(store.Reader.Search(Hostile.Orgs[1], Query("needle"), new SearchFilter()).Hits).ExchangeId));
        Assert.Empty(store.Reader.Search(Guid.NewGuid().ToString("D"), Query("needle"), new SearchFilter()).Hits);
    }

    [Fact]
    public async Task What_is_not_indexed_yet_is_told_and_found_afterwards()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Prompt = ["needle"] });
        Assert.Equal((0, 1), (Find(store, "needle").Hits.Count, Find(store, "needle").Behind));

        await IndexAsync(store);
        Assert.Equal((1, 0), (Find(store, "needle").Hits.Count, Find(store, "needle").Behind));
        await using var indexing = store.Indexing();
        indexing.Clear();
        Assert.Equal((0, 1), (Find(store, "needle").Hits.Count, Find(store, "needle").Behind));
        Assert.Equal(1, indexing.CatchUp());
        Assert.Equal(0, indexing.CatchUp());
        Assert.Single(Find(store, "needle").Hits);
    }

    [Fact]
    public void Whatever_the_order_of_deliveries_an_index_made_on_the_way_finds_what_one_made_at_the_end_finds() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(kind == StoreKind.Sqlite ? 20 : 8),
        Prop.ForAll(Gen.Shuffle(Enumerable.Range(0, 6)).ToArbitrary(), order =>
        {
            var prompt = Enumerable.Range(0, 6).Select(number => $"word{number}-{number}").ToArray();
            Told[] told = [.. Enumerable.Range(0, 6).Select(number => new Told { Number = number + 1, At = number, Prompt = prompt[..(number + 1)], Reply = $"reply-{number}" })];
            using var store = TestStore.Open(kind);
            foreach (var number in order)
            {
                store.Deliver(told[number]);
                IndexAsync(store).GetAwaiter().GetResult();
            }

            foreach (var number in Enumerable.Range(0, 6))
            {
                Assert.Equal(number + 1, Assert.Single(Find(store, $"word{number}-{number}").Hits).Turn);
                Assert.Equal(number + 1, Assert.Single(Find(store, $"reply-{number}").Hits).Turn);
            }

            return true;
        }));

    [Fact]
    public async Task What_was_indexed_call_by_call_is_found_in_order_and_page_by_page()
    {
        const int Calls = 40;
        using var store = TestStore.Open(kind);
        foreach (var number in Enumerable.Range(1, Calls))
        {
            store.Deliver(new Told { Number = number, At = number, Session = "s" + (number % 4), Prompt = [$"needle number{number} src/dir{number}/file.cs"], Reply = number % 8 == 0 ? "rare" : "frequent" });
            await IndexAsync(store);
        }

        Assert.Equal(Enumerable.Range(1, Calls).Reverse(), Find(store, "needle").Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([40, 32, 24, 16, 8], Find(store, "rare").Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([17], Find(store, "needle number17").Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([31], Find(store, "dir31/file").Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1], Find(store, "number1*").Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([8], Find(store, "rare", new SearchFilter { Until = Told.Epoch.AddSeconds(10) }).Hits.Select(hit => Number(hit.ExchangeId)));
        Assert.Equal([9, 5, 1], Find(store, "frequent", new SearchFilter { SessionId = store.Session("s1").SessionId, Until = Told.Epoch.AddSeconds(10) }).Hits.Select(hit => Number(hit.ExchangeId)));
    }

    [Fact]
    public async Task What_no_store_can_take_in_is_indexed_around()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Prompt = ["before\0after \ud83d lone \"quoted\" 'single' a\\b"] });
        await IndexAsync(store);

        Assert.Single(Find(store, "before").Hits);
        Assert.Single(Find(store, "a\\b").Hits);
        Assert.Single(Find(store, "'single'").Hits);
    }

    [Fact]
    public async Task While_somebody_waits_for_a_commit_the_index_does_and_then_catches_up()
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1, Prompt = ["needle"] });
        await using var indexing = store.Indexing();
        var looks = 0;
        var lookedOften = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isAwaited = true;
        indexing.Start(Task.CompletedTask, () =>
        {
            if (Interlocked.Increment(ref looks) == 3)
            {
                lookedOften.SetResult();
            }

            return Volatile.Read(ref isAwaited);
        });
        await lookedOften.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, Find(store, "needle").Behind);

        Volatile.Write(ref isAwaited, false);
        Assert.True(SpinWait.SpinUntil(() => Find(store, "needle").Behind == 0, TimeSpan.FromSeconds(30)));
        Assert.Single(Find(store, "needle").Hits);
    }

    private bool IsIndexed(TestStore store, string word) => kind == StoreKind.Sqlite
        ? store.Count($"search_words WHERE search_words MATCH '{word}'") > 0
        : store.Count($"search_postings WHERE position(convert_to('{word[1..]}', 'UTF8') IN page) > 0") > 0;

    private static async Task IndexAsync(TestStore store)
    {
        await using var indexing = store.Indexing();
        indexing.CatchUp();
    }

    private static SearchPage Find(TestStore store, string text, SearchFilter? filter = null) => store.Reader.Search(Organisation.None, Query(text), filter ?? new SearchFilter());

    private static SearchQuery Query(string text) => SearchQuery.TryParse(text, out _)!;

    private static int Number(string exchangeId) => Convert.ToInt32(exchangeId[^12..], 16);
}

public sealed class SqliteSearchTests() : SearchTests(StoreKind.Sqlite);

public sealed class PostgresSearchTests() : SearchTests(StoreKind.Postgres);
