using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>All turns of a session, a light row each; calls that no turn came of stand at their place.</summary>
internal sealed record OutlineDocument(string SessionId, IReadOnlyList<OutlineRow> Items)
{
    public static OutlineDocument Of(StoreReader reader, SessionSummary session)
    {
        var calls = reader.Exchanges(session.OrgId, new ExchangeFilter { SessionId = session.SessionId, FactsAlone = true }).ToList();
        var answered = calls.Where(call => call.Turn.Seq is not null).Select(FirstTry).ToHashSet(StringComparer.Ordinal);
        var tries = calls.Where(call => call.Turn.Seq is null).ToLookup(FirstTry, StringComparer.Ordinal);
        // Of a call that never became a turn, the last try tells.
        return new OutlineDocument(
            session.SessionId,
            [.. calls.Where(call => call.Turn.Seq is not null || (!answered.Contains(FirstTry(call)) && call == tries[FirstTry(call)].Last())).Select(call => OutlineRow.Of(call, tries[FirstTry(call)].Count(one => one != call)))]);
    }

    private static string FirstTry(ExchangeRecord call) => call.Turn.RetryOf ?? call.ExchangeId;
}

/// <param name="Turn">Null where no turn came of it.</param>
/// <param name="FailedAttempts">Tries of the same call that gave no turn, itself not counted.</param>
/// <param name="ToolErrors">Failed tools whose outcomes the request brought.</param>
internal sealed record OutlineRow(
    string ExchangeId,
    int? Turn,
    string CapturedAt,
    string? RequestKind,
    string? PromptId,
    string? Model,
    string Outcome,
    string? StopReason,
    int FailedAttempts,
    long? InputTokens,
    long? CacheReadTokens,
    long? CacheWriteTokens,
    long? OutputTokens,
    long? CostNanoUsd,
    double? TtfbMs,
    double? DurationMs,
    string? CacheVerdict,
    string? CacheReason,
    long? CacheLostTokens,
    int ToolErrors)
{
    public static OutlineRow Of(ExchangeRecord call, int failedAttempts) => new(
        call.ExchangeId,
        call.Turn.Seq,
        call.CapturedAt,
        call.RequestKind,
        call.PromptId,
        call.ModelServed ?? call.ModelRequested,
        call.Outcome,
        call.StopReason,
        failedAttempts,
        call.Usage?.InputTokens,
        call.Usage?.CacheReadTokens,
        call.Usage?.CacheWriteTokens,
        call.Usage?.OutputTokens,
        call.CostNanoUsd,
        call.Timing.TtfbMs,
        call.Timing.DurationMs,
        call.Cache?.Verdict,
        call.Cache?.Reason,
        call.Cache?.LostTokens,
        call.ToolResults.Count(result => result.Status == "error"));
}
