using System.Security.Cryptography;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Importing;

/// <summary>A call as another proxy has recorded it, to the byte.</summary>
internal sealed record RecordedCall(
    Uri Url,
    string Method,
    string? HttpVersion,
    DateTimeOffset At,
    TimeSpan? Took,
    IReadOnlyList<HeaderField> Headers,
    byte[] Request,
    int? Status,
    IReadOnlyList<HeaderField> ResponseHeaders,
    byte[] Response)
{
    /// <summary>True when it is of an API that is known: the rest of what a browser loads is nobody's turn.</summary>
    public static bool IsModelCall(CapturedExchange call)
    {
        using var decoded = TurnDecoder.Decode(call);
        return decoded.Turn is { } turn && turn.Operation != Capture.Turns.Operation.Other;
    }

    public static CapturedExchange Of(RecordedCall call)
    {
        var at = call.At.AddTicks(-(call.At.Ticks % TimeSpan.TicksPerMicrosecond));
        var key = RetoldCall.KeyOf(["call", at.UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture), call.Method, call.Url.OriginalString, Hash(call.Request), Hash(call.Response)]);
        return new CapturedExchange
        {
            Id = ExchangeId.New(at, key),
            CommitKey = key,
            Door = Door.Ingest,
            CapturedAt = at,
            Duration = call.Took,
            Method = call.Method,
            Path = call.Url.AbsolutePath,
            Query = call.Url.Query,
            UpstreamHost = call.Url.Authority,
            HttpVersion = call.HttpVersion is { } version && version.Contains('2', StringComparison.Ordinal) ? "HTTP/2" : "HTTP/1.1",
            RequestHeaders = call.Headers,
            Request = RetoldCall.Body(call.Request),
            Status = call.Status,
            ResponseHeaders = call.ResponseHeaders,
            Response = RetoldCall.Body(call.Response),
            Ending = call.Status is null ? Ending.NoResponse : Ending.Completed,
            Attributes = new Dictionary<string, string> { [ProducedKind.Attribute] = ProducedKind.Imported },
        };
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
