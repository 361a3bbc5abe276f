using System.Collections;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Nodes that do something when they are looked at: a way into the middle of a transaction.</summary>
internal sealed class FailingNodes(Action act) : IReadOnlyList<Node>
{
    public int Count => 1;

    public Node this[int index]
    {
        get
        {
            act();
            throw new IOException("in the middle");
        }
    }

    public IEnumerator<Node> GetEnumerator() => throw new NotSupportedException();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

internal static class FailingDelivery
{
    public static ExchangeDelivery FailingWith(this ExchangeDelivery delivery, Exception fault) => delivery.Meanwhile(() => throw fault);

    /// <summary>Runs something while the transaction is under way, and then fails it.</summary>
    public static ExchangeDelivery Meanwhile(this ExchangeDelivery delivery, Action act) =>
        delivery with { Told = delivery.Told with { Chain = delivery.Told.Chain! with { Nodes = new FailingNodes(act) } } };
}
