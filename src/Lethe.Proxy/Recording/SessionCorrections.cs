using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Recording;

/// <summary>Journals what is set right, like a call, and waits until the store has done it.</summary>
internal static class SessionCorrections
{
    /// <summary>Why two sessions cannot become one; null where they can.</summary>
    public static string? Problem(SessionDetail from, SessionDetail into) => Array.Find([KeyOf(from), KeyOf(into)], key => key.IsWaiting) is { } waiting
        ? $"{waiting.HarnessSessionId}: calls wait there for the one that made the answer which they continue, and go to its session by themselves."
        : null;

    /// <summary>False when nobody knows whether it was done.</summary>
    public static Task<bool> MergeAsync(ProducedCalls calls, SessionDetail from, SessionDetail into, string? reason, string? by, CancellationToken gone) =>
        DoAsync(calls, from.Session.OrgId, $"/v1/sessions/{from.Session.SessionId}/merge", new Correction { From = KeyOf(from), Into = KeyOf(into), Reason = reason, By = by }, gone);

    /// <inheritdoc cref="MergeAsync"/>
    public static Task<bool> MoveAsync(ProducedCalls calls, ExchangeRecord exchange, CorrectedKey into, string? reason, string? by, CancellationToken gone) =>
        DoAsync(
            calls,
            exchange.OrgId,
            $"/v1/exchanges/{exchange.ExchangeId}/attribution",
            Correction.Move(exchange.ExchangeId, exchange.CapturedAt, into) with { Reason = reason, By = by },
            gone);

    private static async Task<bool> DoAsync(ProducedCalls calls, string org, string path, Correction correction, CancellationToken gone)
    {
        var head = new ExchangeHead { Door = Door.Ingest, Method = "POST", Path = path, Headers = [], Kind = ProducedKind.Correction, OrgId = org, AuthSubject = correction.By };
        return calls.HandOver(new ProducedCall(head, correction.ToJson(), null, [], default)) is { } handed
            && await calls.CommittedAsync(handed, gone) is { Verdict: DeliveryVerdict.Accepted };
    }

    private static CorrectedKey KeyOf(SessionDetail session) => new(session.Session.HarnessId, session.Session.HarnessSessionId);
}
