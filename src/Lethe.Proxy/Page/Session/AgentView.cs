using System.Globalization;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>An agent of a tree of sessions.</summary>
/// <param name="Depth">0 for the root.</param>
/// <param name="Calls">Its calls in capture order.</param>
/// <param name="TotalNanoUsd">With all its sub-agents.</param>
public sealed record AgentView(SessionSummary Session, int Depth, IReadOnlyList<ExchangeRecord> Calls, long TotalNanoUsd)
{
    private const int NameCharactersMax = 28;

    /// <summary>What kind of agent the call that started it asked for; null where it does not say.</summary>
    public string? Kind { get; init; }

    /// <summary>What it was asked for, as the call that started it says; null where none is known.</summary>
    public string? Asked { get; init; }

    public string Name => Depth == 0 ? "main" : Terminal.Format.OneLine(Session.Name ?? Kind ?? Session.HarnessSessionId.Split('/')[^1], NameCharactersMax);

    /// <summary>Its last call never became a turn.</summary>
    public bool IsFailed => Calls.Count > 0 && Calls[^1].Turn.Seq is null && Calls[^1].Outcome != "not_decoded";

    public ExchangeRecord? LastFailure => Calls.LastOrDefault(call => call.Turn.Seq is null && call.Outcome != "not_decoded");

    public static DateTimeOffset End(ExchangeRecord call) => At(call) + TimeSpan.FromMilliseconds(call.Timing.DurationMs ?? 0);

    public static DateTimeOffset At(ExchangeRecord call) => DateTimeOffset.Parse(call.CapturedAt, CultureInfo.InvariantCulture);
}
