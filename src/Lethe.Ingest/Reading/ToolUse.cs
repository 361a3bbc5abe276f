namespace Lethe.Ingest.Reading;

/// <summary>A call of a tool, and what became of it.</summary>
/// <param name="AskedBy">The exchange whose answer asked for it.</param>
/// <param name="Status"><c>ok</c>, <c>error</c> or <c>cancelled</c>; null where nobody has answered.</param>
/// <param name="AnsweredBy">The exchange whose request told the outcome; null where none has.</param>
/// <param name="LatencyMs">From the end of the answer that asked to the request with the outcome; null where one of them was not seen.</param>
public sealed record ToolUse(string CallId, string SessionId, string HarnessId, string AskedBy, DateTimeOffset AskedAt, string? Status, string? AnsweredBy, double? LatencyMs);
