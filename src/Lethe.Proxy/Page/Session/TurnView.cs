using Lethe.Ingest.Reading;
using Lethe.Proxy.Page.Captured;

namespace Lethe.Proxy.Page.Session;

/// <summary>A tool call with what became of it.</summary>
/// <param name="Result">What the next request told of it; null while nobody has.</param>
/// <param name="Agent">The sub-agent that this call started; null when it started none.</param>
public sealed record ToolUseView(ToolUseBlock Call, string? Result, bool? IsError, AgentView? Agent)
{
    /// <summary>As the store tells it; null where it tells nothing.</summary>
    public ToolCallOutcome? Outcome { get; init; }

    /// <summary>What it was asked for, in one line.</summary>
    public string Brief => Terminal.Format.OneLine(ToolBrief.Of(Call.Arguments), BriefCharactersMax);

    private const int BriefCharactersMax = 160;

    /// <summary>What became of it, in words that say no more than is known.</summary>
    public string Words => Outcome?.Status == "cancelled" ? "✕ cancelled"
        : IsError == true ? "✕ failed"
        : Result is not null ? $"✓ {Figure.Exact(Result.Length)} characters"
        : Outcome?.Status == "orphaned" ? "never answered"
        : "no result";

    /// <summary>How long it took, and how many ran beside it.</summary>
    public string? Time => Outcome?.LatencyMs is { } latency
        ? Figure.Duration(latency) + (Outcome.Parallel > 1 ? $", {Figure.Exact(Outcome.Parallel)} side by side" : "")
        : null;
}

/// <summary>A turn, or a call that never became one: what was said, with what tools, and the attempts that it took.</summary>
public sealed record TurnView
{
    public required ExchangeRecord Exchange { get; init; }

    /// <summary>The reply but for its tool calls.</summary>
    public required IReadOnlyList<Block> Said { get; init; }

    public required IReadOnlyList<ToolUseView> Tools { get; init; }

    /// <summary>Failed tries of this same call, earliest first.</summary>
    public required IReadOnlyList<ExchangeRecord> Attempts { get; init; }

    /// <summary>What changed since the turn before: tools, system prompt, model.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    public required DateTimeOffset At { get; init; }

    public int? Seq => Exchange.Turn.Seq;

    /// <summary>Its own cost and that of the attempts it took; null when none is known.</summary>
    public long? CostNanoUsd => KnownCost.Sum(Attempts.Append(Exchange).Select(call => call.CostNanoUsd));

    public bool IsFailed => Exchange.Turn.Seq is null;

    /// <summary>Where it is on the page.</summary>
    public string Anchor => Seq is { } seq ? $"turn-{seq}" : $"call-{Exchange.ExchangeId}";

    public string Name => Seq is { } seq ? $"Turn {seq}" : "Call";

    /// <summary>Only tools were used and nothing was said, so that several in a row can be told in one line.</summary>
    public bool IsQuiet => !IsFailed && Tools.Count > 0 && Attempts.Count == 0 && Changes.Count == 0 && !Said.Any(block => block is SaidBlock)
        && Tools.All(tool => tool.Agent is null);
}

/// <summary>What a person asked, and the turns that it took.</summary>
/// <param name="Number">1-based; 0 for what came before the first prompt.</param>
public sealed record PromptView(int Number, string Text, IReadOnlyList<TurnView> Turns)
{
    /// <summary>With the sub-agents that its turns started.</summary>
    public long? CostNanoUsd => KnownCost.Sum(Turns.Select(turn => turn.CostNanoUsd).Concat(Turns.SelectMany(turn => turn.Tools).Select(tool => tool.Agent?.TotalNanoUsd)));

    /// <summary>From its first call to the end of its last.</summary>
    public TimeSpan Took => Turns.Count == 0 ? TimeSpan.Zero : Turns.Max(turn => AgentView.End(turn.Exchange)) - Turns[0].At;

    public string TurnsInWords => Turns is [{ Seq: { } first }, .., { Seq: { } last }] ? $"turns {first} to {last}" : Figure.Plural(Turns.Count, "turn", "turns");

    /// <summary>Calls that were refused or cut, whether they were tried again or not.</summary>
    public int Refused => Turns.Sum(turn => turn.Attempts.Count + (turn.IsFailed ? 1 : 0));

    /// <summary>Calls that paid again for what had been in the cache.</summary>
    public int Missed => Turns.Count(turn => CacheWords.IsMissed(turn.Exchange));

    public string Anchor => $"prompt-{Number}";
}
