namespace Lethe.Proxy.Importing;

/// <summary>A session by a transcript and by what the doors have heard of it.</summary>
/// <param name="OrgId">The organisation for which the doors have heard it; null where none has.</param>
/// <param name="State"><c>equal</c>, <c>differs</c>, or <c>not_captured</c> where no door has heard anything of it.</param>
/// <param name="OnlyInTranscript">Calls that no door has heard.</param>
/// <param name="OnlyOnWire">Turns of the conversation that the transcript does not tell.</param>
/// <param name="BesideOnWire">Calls beside the conversation (titles, quota, compaction), which transcripts do not tell.</param>
/// <param name="DifferingCalls">Calls of both whose tokens or cost are others.</param>
/// <param name="UncertainCalls">
/// Of those only in the transcript: it tells no id of the answer, and the doors have heard something at that time which is not surely the same. When imported they may count twice.
/// </param>
internal sealed record ComparedSession(
    string? OrgId,
    string SessionId,
    string HarnessId,
    string HarnessSessionId,
    string State,
    long OnlyInTranscript,
    long OnlyOnWire,
    long BesideOnWire,
    long DifferingCalls,
    long UncertainCalls,
    ComparedSum Transcript,
    ComparedSum Wire);

/// <summary>What calls came to: tokens as vendors bill them, cost in nano-USD by the price book.</summary>
internal readonly record struct ComparedSum(long Calls, long InputTokens, long CacheReadTokens, long CacheWriteTokens, long OutputTokens, long CostNanoUsd)
{
    public static ComparedSum operator +(ComparedSum one, ComparedSum other) => new(
        one.Calls + other.Calls,
        one.InputTokens + other.InputTokens,
        one.CacheReadTokens + other.CacheReadTokens,
        one.CacheWriteTokens + other.CacheWriteTokens,
        one.OutputTokens + other.OutputTokens,
        one.CostNanoUsd + other.CostNanoUsd);
}
