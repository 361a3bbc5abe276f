
namespace Lethe.Capture.Exchanges;

/// <summary>The identity of one exchange: a UUIDv7 (RFC 9562), minted when the request headers arrive; text is lower-case with hyphens.</summary>
public readonly record struct ExchangeId(Guid Value)
{
    /// <summary>Mints an id whose first 48 bits are <paramref name="now"/> in Unix milliseconds; the rest is random.</summary>
    public static ExchangeId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    public static bool TryParse(string? text, out ExchangeId id)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        id = new ExchangeId(value);
        return parsed;
    }

    public override string ToString() => Value.ToString("D");
}
