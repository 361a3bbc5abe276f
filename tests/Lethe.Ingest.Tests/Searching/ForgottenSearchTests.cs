using Lethe.Capture.Exchanges;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Tests.Keeping;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Searching;

/// <summary>What is forgotten or no longer kept is found no more, and in no index.</summary>
public abstract class ForgottenSearchTests(StoreKind kind)
{
    private const string Word = "zyzzyva";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_forgotten_is_found_no_more(bool withFacts)
    {
        using var world = World();
        await world.FillAsync();
        Assert.Equal(["kept", "gone"], Sessions(world));
        Assert.Contains(Word, world.Store.Bytes(), StringComparison.Ordinal);

        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("gone").SessionId, withFacts));
        Assert.Equal(["kept"], Sessions(world));
        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("kept").SessionId, withFacts));
        Assert.Empty(Sessions(world));
        Assert.DoesNotContain(Word, world.Store.Bytes(), StringComparison.Ordinal);

        await using var indexing = world.Store.Indexing();
        indexing.Clear();
        indexing.CatchUp();
        Assert.Empty(Sessions(world));
    }

    [Fact]
    public async Task What_has_expired_is_found_no_more()
    {
        using var world = World();
        await world.FillAsync();
        await world.LookAsync(new RetentionSettings { WordsAge = TimeSpan.FromDays(6) });
        Assert.Equal(["kept"], Sessions(world));
    }

    [Fact]
    public async Task What_was_forgotten_before_it_was_indexed_is_never_indexed()
    {
        using var world = World();
        await world.FillAsync();
        await using var indexing = world.Store.Indexing();
        indexing.Clear();
        await world.WithAsync(keeping => keeping.ForgetAsync(Organisation.None, world.Store.Session("gone").SessionId, withFacts: false));
        indexing.CatchUp();
        Assert.Equal(["kept"], Sessions(world));
    }

    private KeepingWorld World() => new(kind,
    [
        new Told { Number = 1, Session = "gone", Prompt = [$"say {Word} once"], Reply = "once" },
        new Told { Number = 2, At = 5 * 86_400, Session = "kept", Prompt = ["say it twice"], Reply = $"{Word} twice" },
    ]);

    private static IEnumerable<string?> Sessions(KeepingWorld world) =>
        world.Store.Reader.Search(Organisation.None, SearchQuery.TryParse(Word, out _)!, new SearchFilter()).Hits.Select(hit => hit.HarnessSessionId);
}

public sealed class SqliteForgottenSearchTests() : ForgottenSearchTests(StoreKind.Sqlite);

public sealed class PostgresForgottenSearchTests() : ForgottenSearchTests(StoreKind.Postgres);
