using System.Globalization;
using Lethe.Capture;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Storage;

/// <summary>An exchange whose receipt was taken, on its way into the tables.</summary>
/// <param name="Org">The row of its organisation.</param>
/// <param name="RetryKey">The first eight bytes of the key that its retries share; null when nothing could be a retry of it.</param>
internal readonly record struct NewExchange(long Org, InterpretedExchange Told, long? RetryKey, JournalPosition? BodyAt)
{
    public static NewExchange Of(long org, ExchangeDelivery delivery) => new(org, delivery.Told, FirstBytes(delivery.Told.RetryKey), delivery.BodyAt);

    private static long? FirstBytes(string? key) =>
        key is { Length: >= 16 } ? long.Parse(key.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : null;
}
