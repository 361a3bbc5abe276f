using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Tests.Storage;

public abstract class FaultClassTests(StoreKind kind)
{
    [Theory]
    [InlineData("a row that another names goes", "DELETE FROM callers", StoreFault.ForeignKey)]
    [InlineData("a counter below zero", "UPDATE sessions SET errors = -1", StoreFault.Constraint)]
    [InlineData("nothing where something must be", "UPDATE sessions SET harness_id = NULL", StoreFault.Constraint)]
    [InlineData("a name that is taken", "INSERT INTO sessions SELECT * FROM sessions", StoreFault.Constraint)]
    [InlineData("a value of another type", "UPDATE sessions SET session = 'no identity'", StoreFault.Upsert)]
    public void What_the_database_refuses_of_one_delivery_is_told_by_its_class_and_harms_no_other(string what, string statement, string code)
    {
        using var store = TestStore.Open(kind);
        store.Deliver(new Told { Number = 1 });
        store.WithEach("refused", statement);

        var results = store.Ingest.Commit(
            [.. new[] { new Told { Number = 2, At = 2 }, new Told { Number = 3, At = 3, PromptId = "refused" }, new Told { Number = 4, At = 4 } }.Select(told => told.Delivery())]);
        store.Allow();

        Assert.True(results.Select(result => result.Code).SequenceEqual([null, code, null]), $"{what}: {string.Join(", ", results)}");
        Assert.Equal(code, Assert.Single(store.Letters()).Code);
        Assert.Equal(3, store.Session("s").Counters.Turns);
        Assert.Empty(store.Faults());
    }
}

public sealed class SqliteFaultClassTests() : FaultClassTests(StoreKind.Sqlite);

public sealed class PostgresFaultClassTests() : FaultClassTests(StoreKind.Postgres);
