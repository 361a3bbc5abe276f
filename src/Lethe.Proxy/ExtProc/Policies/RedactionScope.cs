using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc.Wire;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Which request bodies can be changed without harm.</summary>
internal static class RedactionScope
{
    private static readonly string[] Digests = ["x-amz-content-sha256", "content-digest", "repr-digest", "digest", "content-md5"];

    /// <summary>Why a body is let pass as it is (a stable word); null when it can be redacted.</summary>
    public static string? ReasonToPass(CallHeaders headers, BodyMode mode) =>
        mode is not (BodyMode.Streamed or BodyMode.Buffered or BodyMode.BufferedPartial or BodyMode.FullDuplexStreamed) ? "body_not_sent"
        : IsCoded(headers.Fields) ? "content_coding"
        : IsSigned(headers.Fields) ? "signed"
        : !IsText(headers.Fields.First("content-type")) ? "not_text"
        // Trailers may follow the last chunk, and an answer to trailers carries no body: what is held back then would be lost.
        : mode == BodyMode.Streamed && headers.ContentLength is null ? "length_unknown"
        : null;

    public static bool IsEvents(CallHeaders headers) =>
        headers.Fields.First("content-type")?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) ?? false;

    private static bool IsCoded(IReadOnlyList<HeaderField> fields) =>
        fields.Joined("content-encoding") is { } coding
        && coding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Any(layer => !layer.Equals("identity", StringComparison.OrdinalIgnoreCase));

    private static bool IsSigned(IReadOnlyList<HeaderField> fields) =>
        Array.Exists(Digests, name => fields.First(name) is not null)
        || fields.Any(field => field.Name.Equals("authorization", StringComparison.OrdinalIgnoreCase) && field.Value.StartsWith("AWS4-", StringComparison.Ordinal));

    private static bool IsText(string? contentType)
    {
        var type = contentType?.Split(';')[0].Trim().ToLowerInvariant();
        return type is null or "" or "application/x-www-form-urlencoded" or "application/x-ndjson" or "application/jsonl"
            || type.StartsWith("text/", StringComparison.Ordinal)
            || (type.StartsWith("application/", StringComparison.Ordinal) && type.EndsWith("json", StringComparison.Ordinal));
    }
}
