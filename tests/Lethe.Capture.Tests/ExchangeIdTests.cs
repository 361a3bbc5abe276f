using System.Collections.Concurrent;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests;

public sealed class ExchangeIdTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero);

    [Fact]
    public void An_id_is_a_UUIDv7_that_tells_its_time()
    {
        var id = ExchangeId.New(Noon).Value;

        Assert.Equal(7, id.Version);
        Assert.InRange(id.Variant, 0x8, 0xB);
        Assert.Equal(Noon.ToUnixTimeMilliseconds(), Convert.ToInt64(id.ToString("N")[..12], 16));
    }

    [Fact]
    public void Ids_minted_on_many_threads_in_one_millisecond_all_differ()
    {
        const int Each = 20_000;
        var ids = new ConcurrentDictionary<ExchangeId, int>();

        Parallel.For(0, 8, thread => Enumerable.Range(0, Each).ToList().ForEach(_ => ids[ExchangeId.New(Noon)] = thread));

        Assert.Equal(8 * Each, ids.Count);
    }

    [Fact]
    public void Of_one_millisecond_the_keys_decide_which_id_comes_first_whenever_they_were_minted()
    {
        string[] keys = [.. Enumerable.Range(0, 100).Select(i => $"key {i}")];
        var first = keys.OrderBy(key => ExchangeId.New(Noon, key).ToString(), StringComparer.Ordinal);
        var again = keys.Reverse().OrderBy(key => ExchangeId.New(Noon, key).ToString(), StringComparer.Ordinal);

        Assert.Equal(first, again);
        Assert.NotEqual(ExchangeId.New(Noon, "key"), ExchangeId.New(Noon, "key"));
        Assert.Equal(7, ExchangeId.New(Noon, "key").Value.Version);
        Assert.InRange(ExchangeId.New(Noon, "key").Value.Variant, 0x8, 0xB);
    }
}
