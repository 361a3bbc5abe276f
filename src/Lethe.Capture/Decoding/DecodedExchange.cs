using System.Text.Json;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>What the decoders made of an exchange's bytes.</summary>
public sealed class DecodedExchange : IDisposable
{
    private readonly JsonDocument? request;

    public DecodedExchange(Turn? turn, string? notDecodedReason, JsonDocument? request)
    {
        Turn = turn;
        NotDecodedReason = notDecodedReason;
        this.request = request;
    }

    /// <summary>Null when no decoder understood the call at all.</summary>
    public Turn? Turn { get; }

    /// <summary>A stable code (<c>unknown_endpoint</c>, <c>request_not_json</c>, <c>content_coding_corrupt</c>, …), or null when all was understood.</summary>
    public string? NotDecodedReason { get; }

    /// <summary>The request body as JSON, content codings undone, without messages in the middle that were met before; null when it is not JSON. Valid until disposal.</summary>
    public JsonElement? RequestJson => request?.RootElement;

    /// <summary>The prompt as it stands in the body; null where nothing is to be remembered of it.</summary>
    internal Repeats.HistoryReading? History { get; init; }

    public void Dispose() => request?.Dispose();
}
