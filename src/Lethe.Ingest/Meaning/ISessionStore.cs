using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Meaning;

/// <summary>What goes into one transaction beside the deliveries.</summary>
public sealed record CommitOptions
{
    public static CommitOptions None { get; } = new();

    /// <summary>The consumer that moves on, and where to; null moves none.</summary>
    public string? Consumer { get; init; }

    /// <summary>Behind all that the deliveries were read from.</summary>
    public JournalPosition Position { get; init; }

    /// <summary>A line of the journal that cannot be read: word of it is kept as a dead letter.</summary>
    public JournalFault? UnreadLine { get; init; }

    /// <summary>When given, the commit fails once another holds it.</summary>
    public Lease? Lease { get; init; }
}

/// <summary>A store that sessions are written to. One thread at a time; several writers, in whatever processes, may write one store.</summary>
public interface ISessionStore : IDisposable
{
    /// <summary>False once what is written is written nowhere: the file was deleted.</summary>
    bool IsThere { get; }

    /// <summary>How far the consumer has come in that journal; null at its beginning.</summary>
    /// <exception cref="StoreUnavailableException"/>
    JournalPosition? Cursor(string consumer, Guid journal);

    /// <summary>
    /// Commits the deliveries and the consumer's position together, or nothing; results in the order of the deliveries. A delivery that the store
    /// cannot take harms only itself.
    /// </summary>
    /// <exception cref="StoreUnavailableException"/>
    /// <exception cref="LeaseLostException"/>
    IReadOnlyList<DeliveryResult> Commit(IReadOnlyList<ExchangeDelivery> deliveries, CommitOptions? options = null);

    /// <summary>Takes back a dead letter whose delivery came to a good end.</summary>
    /// <exception cref="StoreUnavailableException"/>
    void RemoveLetter(long letter);

    /// <summary>
    /// Takes the lease if nobody else holds it: an owner that comes again, as after a crash, takes it from itself, and whoever held it in its name is
    /// fenced. Null when another holds it.
    /// </summary>
    /// <param name="held">The lease as it was held so far, to renew it, which fails once it was taken anew by whomever; null to take it.</param>
    /// <exception cref="StoreUnavailableException"/>
    Lease? TryLease(string name, string owner, TimeSpan duration, Lease? held = null);

    /// <summary>Lets it go before it runs out. Nothing happens when another holds it.</summary>
    /// <exception cref="StoreUnavailableException"/>
    void Release(Lease lease);
}
