using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Recording;

/// <summary>The calls that are on their way: who is talking, as far as the head tells it, and how far each has come.</summary>
internal sealed class OpenCalls(Func<IReadOnlyList<ExchangeBuilder>> open)
{
    private const int BeginningBytesMax = 4096;

    /// <summary>Of English text and of code, as vendors tell it; what it was is told at the end.</summary>
    private const int CharactersPerToken = 4;

    /// <summary>Those of an organisation, the earliest first.</summary>
    public IReadOnlyList<OpenCall> Of(string org) => [.. open().Where(builder => builder.Head.OrgId == org).Select(Told)];

    private static OpenCall Told(ExchangeBuilder builder)
    {
        var (head, progress) = (builder.Head, builder.Progress);
        var who = HarnessDetector.Detect(
            new CapturedExchange
            {
                Id = builder.Id,
                CommitKey = builder.Id.ToString(),
                OrgId = head.OrgId,
                Door = head.Door,
                CapturedAt = progress.CapturedAt,
                Method = head.Method,
                Path = head.Path,
                RequestHeaders = head.Headers,
                Ending = Ending.Incomplete,
            },
            requestJson: null,
            turn: null,
            chain: null);
        return new OpenCall
        {
            ExchangeId = builder.Id.ToString(),
            StartedAt = progress.CapturedAt,
            Method = head.Method,
            Path = head.Path,
            Provider = head.Provider,
            HarnessId = who.HarnessId,
            HarnessSessionId = who.HarnessSessionId,
            SessionId = who.HarnessSessionId is { } session ? StoreReader.SessionIdOf(head.OrgId, who.HarnessId, session) : null,
            ModelRequested = ModelIn(builder.RequestBeginning(BeginningBytesMax)),
            Status = progress.Status,
            ElapsedMs = progress.Age.TotalMilliseconds,
            TtfbMs = progress.TimeToFirstByte?.TotalMilliseconds,
            RequestBytes = progress.RequestBytes,
            ResponseBytes = progress.ResponseBytes,
            OutputTokensAbout = builder.StreamedCharacters / CharactersPerToken,
        };
    }

    // Clients write it first; what comes later, or is compressed, is told when the call has ended.
    private static string? ModelIn(byte[] beginning)
    {
        var reader = new Utf8JsonReader(beginning, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && reader.ValueTextEquals("model"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Whatever it is, it is no JSON, or no text.
        }

        return null;
    }
}

/// <summary>A call that is on its way. Bytes are those of bodies on the wire, up to now.</summary>
public sealed record OpenCall
{
    public required string ExchangeId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public string? Provider { get; init; }

    public required string HarnessId { get; init; }

    public string? HarnessSessionId { get; init; }

    /// <summary>The session as it will be, or is, in the store; null where only what was said tells it.</summary>
    public string? SessionId { get; init; }

    /// <summary>The number of the last turn of its session; null where there is none yet.</summary>
    public int? AfterTurn { get; init; }

    /// <summary>Null where the request does not begin with it.</summary>
    public string? ModelRequested { get; init; }

    /// <summary>Null while no answer has begun.</summary>
    public int? Status { get; init; }

    public required double ElapsedMs { get; init; }

    /// <summary>Null while nothing has come back.</summary>
    public double? TtfbMs { get; init; }

    public required long RequestBytes { get; init; }

    public required long ResponseBytes { get; init; }

    /// <summary>Output tokens up to now, guessed from the characters that were streamed; null where none can be seen.</summary>
    public long? OutputTokensAbout { get; init; }
}
