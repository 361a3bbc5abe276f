using System.Globalization;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Meaning;

/// <summary>An exchange whose receipt was taken, on its way into the store.</summary>
internal sealed class NewExchange
{
    private NewExchange(ExchangeDelivery delivery)
    {
        Told = StorableText.Of(delivery.Told);
        At = delivery.At;
        Key = delivery.Key;
        ClientKey = delivery.ClientKey;
        var exchange = Told.Exchange;
        Clock = CaptureClock.Of(exchange);
        // An answer that is told again is no other try: what it has in common with the others is the answer.
        RetryKey = Answers.IsRetold(Told) || Told.Turn is { Results.Count: > 0 } ? null : FirstBytes(Told.RetryKey);
        Correction = Correction.Of(exchange);
        Attempt = new Attempt
        {
            OrgId = exchange.OrgId,
            Clock = Clock,
            EndedAt = Clock.At + (Microseconds.Of(exchange.Duration) ?? 0),
            Outcome = Told.Outcome,
            HasReply = Told.IsTurn || Told.Turn is { AsksForResponse: true, Reply.Count: > 0 },
            Heard = Heard.Of(Told),
            IsAsked = Answers.IsRetold(Told),
            IsImport = Answers.IsImport(Told),
        };
    }

    /// <summary>What it means beside those that are stored; before it is applied, alone.</summary>
    public InterpretedExchange Told { get; set; }

    public CaptureClock Clock { get; }

    public string Key { get; }

    public string? ClientKey { get; }

    public string Org => Told.Exchange.OrgId;

    /// <summary>The first eight bytes of the key that its retries share; null when nothing could be a retry of it.</summary>
    public long? RetryKey { get; }

    public JournalPosition? At { get; }

    /// <summary>What it sets right; null for a call.</summary>
    public Correction? Correction { get; }

    public Attempt Attempt { get; }

    public static NewExchange Of(ExchangeDelivery delivery) => new(delivery);

    private static long? FirstBytes(string? key) =>
        key is { Length: >= 16 } ? long.Parse(key.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : null;
}
