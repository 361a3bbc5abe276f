using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Meaning;

/// <summary>A session's key as a correction names it, whether or not there is such a session.</summary>
public sealed record CorrectedKey(string HarnessId, string HarnessSessionId)
{
    /// <summary>True for a session of calls that wait for the one which made the answer they continue; they go to its session by themselves.</summary>
    public bool IsWaiting => HarnessSessionId.StartsWith(SessionKey.ContinuingId(""), StringComparison.Ordinal);

    internal SessionKey In(string org) => new(org, HarnessId, HarnessSessionId);
}

/// <summary>
/// What an administrator sets right. It is journalled like a call and never taken back, so that a replay sets the same right: either all of one session,
/// and all that ever comes under its key, is another's (<see cref="From"/>), or one exchange is (<see cref="ExchangeId"/>).
/// </summary>
public sealed record Correction
{
    /// <summary>The session that goes over; null where one exchange does.</summary>
    public CorrectedKey? From { get; init; }

    /// <summary>The exchange that goes over; null where a whole session does.</summary>
    public Guid? ExchangeId { get; init; }

    /// <summary>When that exchange was captured, in microseconds.</summary>
    public long? CapturedAt { get; init; }

    public required CorrectedKey Into { get; init; }

    /// <summary>Why, in a person's words.</summary>
    public string? Reason { get; init; }

    /// <summary>Who ordered it.</summary>
    public string? By { get; init; }

    /// <param name="exchangeId">As its record has it, as is <paramref name="capturedAt"/>.</param>
    public static Correction Move(string exchangeId, string capturedAt, CorrectedKey into) => new()
    {
        ExchangeId = Guid.Parse(exchangeId, CultureInfo.InvariantCulture),
        CapturedAt = Microseconds.Of(DateTimeOffset.Parse(capturedAt, CultureInfo.InvariantCulture)),
        Into = into,
    };

    /// <summary>As the journal holds it.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, StoredJson.Default.Correction);

    /// <summary>What an exchange sets right; null for one that is a call, or says nothing that could be done.</summary>
    internal static Correction? Of(CapturedExchange exchange)
    {
        if (ProducedKind.Of(exchange) != ProducedKind.Correction)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(exchange.Request.Bytes.Span, StoredJson.Default.Correction);
        }
        catch (JsonException)
        {
            // Its words were erased: it sets nothing right any more.
            return null;
        }
    }
}
