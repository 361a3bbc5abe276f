using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Proxy.Shipping;

/// <summary>
/// The store of another lethe, as a sidecar sees it: what is committed is shipped there, and the position moves only behind the answer. A batch whose answer
/// was lost is shipped again, and the receipts of the centre tell what they have. Position, lease and what the centre did not take are kept in a file here.
/// </summary>
internal sealed class RemoteStore(SqliteStore local, Centre centre) : ISessionStore
{
    public bool IsThere => local.IsThere;

    public JournalPosition? Cursor(string consumer, Guid journal) => local.Cursor(consumer, journal);

    public IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions? options = null)
    {
        var results = deliveries.Count == 0 ? [] : centre.Ship(deliveries);
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i].Verdict is DeliveryVerdict.Conflict or DeliveryVerdict.Rejected)
            {
                local.Bury(deliveries[i], results[i].Code ?? StoreFault.Upsert, $"{centre.Address} did not take it.");
            }
        }

        local.Commit([], options);
        return results;
    }

    public void RemoveLetter(long letter) => local.RemoveLetter(letter);

    public Lease? TryLease(string name, string owner, TimeSpan duration, Lease? held = null) => local.TryLease(name, owner, duration, held);

    public void Release(Lease lease) => local.Release(lease);

    public void Dispose()
    {
        centre.Dispose();
        local.Dispose();
    }
}
