using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;

namespace Lethe.Ingest.Tests.Sqlite;

public sealed class MemoryStoreTests
{
    [Fact]
    public void A_store_in_memory_is_read_beside_its_writer_and_gone_with_it()
    {
        using var reader = SqliteStore.ReaderOfMemory("memory-store-tests");
        Assert.Throws<StoreRefusedException>(() => reader.LastChange(Organisation.None));
        using (var store = SqliteStore.OpenMemory("memory-store-tests", TimeProvider.System))
        {
            store.Commit([new Told { Number = 1 }.Delivery()]);
            Assert.Equal("hello", Assert.Single(reader.Exchanges(Organisation.None, new ExchangeFilter())).Reply!.Text);
        }

        Assert.Throws<StoreRefusedException>(() => reader.LastChange(Organisation.None));
    }
}
