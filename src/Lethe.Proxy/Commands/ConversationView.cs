using System.Globalization;
using Lethe.Capture.Turns;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;
using Spectre.Console;

namespace Lethe.Proxy.Commands;

/// <summary>A conversation on a terminal: a head for the session, then each exchange with what was new in it and what came back.</summary>
internal sealed class ConversationView(IAnsiConsole console, Clock clock)
{
    private static readonly Style Dim = new(Color.Grey);
    private static readonly Style Strong = new(decoration: Decoration.Bold);
    private static readonly Style Bad = new(Color.Red);

    public void Print(SessionDetail detail, IEnumerable<ConversationTurn> turns)
    {
        PrintHead(detail);
        HashSet<string> effects = [];
        foreach (var turn in turns)
        {
            if (CaptureEffect.Of(turn.Exchange) is { } effect && effects.Add(effect))
            {
                Line("  " + effect, Dim);
            }

            console.WriteLine();
            PrintExchange(turn.Exchange);
            foreach (var message in turn.NewMessages)
            {
                PrintMessage(message);
            }

            foreach (var message in turn.Reply)
            {
                PrintMessage(message);
            }

            PrintTools(turn.Tools);
        }
    }

    private void PrintHead(SessionDetail detail)
    {
        var session = detail.Session;
        var counters = session.Counters;
        Line($"session {session.SessionId}", Strong);
        Line($"  {session.HarnessId} {session.HarnessVersion}".TrimEnd() + $"  {session.HarnessSessionId} ({session.IdOrigin ?? "named only"})");
        if (session.Parent is { } parent)
        {
            Line($"  parent {parent.SessionId ?? "unknown"}  {parent.HarnessId} {parent.HarnessSessionId} ({parent.Resolution})");
        }

        if (detail.ForkedFrom is { } fork)
        {
            Line($"  forked from {fork.SessionId ?? "unknown"}  {fork.HarnessSessionId}{(fork.Messages is { } messages ? $" after {Format.Count(messages)} messages" : "")} ({fork.Evidence})");
        }

        foreach (var edge in detail.Compactions)
        {
            Line($"  compacted {Format.Count(edge.MessagesBefore)} messages into {Format.Count(edge.MessagesAfter)}  {edge.ExchangeId} ({edge.Evidence})", Dim);
        }

        foreach (var child in detail.Children)
        {
            Line($"  child {child.SessionId}  {child.HarnessId} {child.HarnessSessionId}  {Format.Count(child.Counters.Turns)} turns");
        }

        if (session.Name is not null || session.Cwd is not null)
        {
            Line($"  {session.Name} {session.Cwd}".TrimEnd(), Dim);
        }

        if (session.PinnedAt is not null || session.ErasedAt is not null)
        {
            Line($"  {(session.PinnedAt is null ? "" : "pinned ")}{(session.ErasedAt is { } erased ? "erased " + clock.Moment(erased) : "")}".TrimEnd(), Dim);
        }

        Line($"  {clock.Moment(session.FirstSeenAt)} – {clock.Moment(session.LastSeenAt)}  {Format.Count(counters.Turns)} turns, {Format.Count(counters.Attempts)} failed, "
            + $"{Format.Count(counters.InputTotal)} in, {Format.Count(counters.Output)} out, {Format.Count(counters.ToolCalls)} tools, {Format.Money(counters.CostNanoUsd)}");
    }

    private void PrintExchange(ExchangeRecord exchange)
    {
        var turn = exchange.Turn;
        var number = turn.Seq is { } seq ? "turn " + seq.ToString(CultureInfo.InvariantCulture) : "no turn";
        var attempt = turn.Attempt > 1 ? $", attempt {turn.Attempt}" : "";
        Line(
            $"── {number}{attempt}  {clock.Moment(exchange.CapturedAt)}  {exchange.ModelServed ?? exchange.ModelRequested ?? exchange.Path}  {exchange.Status?.ToString(CultureInfo.InvariantCulture) ?? "no status"} {exchange.Outcome}"
            + (exchange.StopReason is { } stop ? $" ({stop})" : ""),
            exchange.Outcome == "completed" ? Strong : Bad);
        if (exchange.Usage is { } usage)
        {
            Line($"   in {Format.Count(usage.InputTokens)} (cache read {Format.Count(usage.CacheReadTokens)}, write {Format.Count(usage.CacheWriteTokens)})  out {Format.Count(usage.OutputTokens)} (reasoning {Format.Count(usage.ReasoningTokens)})"
                + $"  {Format.Money(exchange)}  {Format.Duration(exchange.Timing.DurationMs)}", Dim);
        }

        PrintBeside(exchange);
        if (exchange.Cache is { Verdict: "rebuilt" or "expired" } cache)
        {
            Line("   " + CacheText.Of(cache), Bad);
        }

        if (exchange.Content is "expired" or "erased")
        {
            Line(exchange.Content == "erased" ? "   what was said was erased" : "   what was said is no longer kept", Dim);
        }

        if (exchange.Error is { } error)
        {
            Line($"   {error.Phase} error: {error.Type} {error.Code} {error.Message}", Bad);
        }
        else if (exchange.OutcomeReason is { } reason)
        {
            Line("   " + reason, Bad);
        }
    }

    // By its id the other verbs find it; what is seldom told takes no room where it is not.
    private void PrintBeside(ExchangeRecord exchange)
    {
        string?[] told =
        [
            $"exchange {exchange.ExchangeId}",
            exchange.RequestKind is { } kind ? $"kind {kind}" : null,
            exchange.PromptId is { } prompt ? $"prompt {prompt}" : null,
            exchange.PreviousResponseId is { } before ? $"continues {before}" : null,
            exchange.Cost is { } cost ? PartsOf(cost) : null,
            exchange.CostReportedNanoUsd is { } reported ? $"the vendor's own cost {Format.Money(reported)}" : null,
        ];
        Line("   " + string.Join("  ", told.OfType<string>()), Dim);
    }

    // A cost of one part is that part.
    private static string? PartsOf(CostParts cost)
    {
        (string Name, long NanoUsd)[] parts =
            [("input", cost.Input), ("cache read", cost.CacheRead), ("cache write", cost.CacheWrite), ("output", cost.Output), ("other", cost.Other)];
        var paid = Array.FindAll(parts, part => part.NanoUsd > 0);
        return paid.Length < 2 ? null : "paid for " + string.Join(", ", paid.Select(part => $"{part.Name} {Format.Money(part.NanoUsd)}"));
    }

    private void PrintMessage(ConversationMessage message)
    {
        Line(message.Role, message.Role == "assistant" ? new Style(Color.Aqua) : new Style(Color.Green));
        Line("  " + MessageText.Of(message.Body).ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal));
    }

    private void PrintTools(IReadOnlyList<ToolCallOutcome> tools)
    {
        foreach (var tool in tools)
        {
            var time = tool.LatencyMs is { } latency ? $" after {Format.Duration(latency)}" : "";
            var beside = tool.Parallel > 1 ? $", one of {Format.Count(tool.Parallel)} side by side" : "";
            Line($"  tool {tool.Name} {tool.CallId}: {Outcome(tool.Status)}{time}{beside}", tool.Status is "error" or "cancelled" or "orphaned" ? Bad : Dim);
        }
    }

    private static string Outcome(string status) => status switch
    {
        "pending" => "not answered yet",
        "orphaned" => "never answered",
        "error" => "failed",
        "cancelled" => "cancelled",
        _ => "answered",
    };

    private void Line(string text, Style? style = null)
    {
        console.Write(new Text(text, style ?? Style.Plain));
        console.WriteLine();
    }
}
