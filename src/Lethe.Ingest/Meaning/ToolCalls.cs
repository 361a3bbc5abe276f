using Lethe.Capture;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Tool calls, one row filled from two sides: the reply that asks, and a later request that carries the answer. Of several that tell the same
/// side, the earliest captured stays.
/// </summary>
internal static class ToolCalls
{
    /// <summary>The ids under which an exchange's calls are kept. A call without an id has one of its place.</summary>
    public static IEnumerable<string> AskedBy(InterpretedExchange told) => told.Turn is { } turn ? turn.ToolCalls.Select((_, i) => IdOf(told, i)) : [];

    /// <summary>The ids of the calls that an exchange answers, but for those that <see cref="Apply"/> need not look at.</summary>
    public static IEnumerable<string> AnsweredBy(InterpretedExchange told, int firstNew) =>
        told.Turn is { } turn ? NewResults(turn, firstNew).Select(result => result.Id) : [];

    /// <param name="firstNew">The place of the first message that no exchange before this one carried; what was told before has been taken from those.</param>
    public static void Apply(SessionState session, InterpretedExchange told, CaptureClock clock, int firstNew)
    {
        if (told.Turn is not { } turn)
        {
            return;
        }

        for (var i = 0; i < turn.ToolCalls.Count; i++)
        {
            var call = turn.ToolCalls[i];
            Ask(session, IdOf(told, i), call.Name, call.ArgumentsJson, clock);
        }

        foreach (var result in NewResults(turn, firstNew))
        {
            // Whether it was cancelled its words tell, and those of results told before are not read again.
            if (IsNews(Call(session, result.Id), clock))
            {
                Answer(session, result.Id, result.IsError, result.IsCancelled, clock);
            }
        }
    }

    public static void Ask(SessionState session, string id, string? name, string? argumentsJson, CaptureClock clock)
    {
        var call = Call(session, id);
        if (call.Asked is { } asked && asked <= clock)
        {
            return;
        }

        session.Added.ToolCalls += call.Asked is null ? 1 : 0;
        (call.Asked, call.Name, call.ArgumentsJson) = (clock, name, argumentsJson);
        session.Asked.Add(id);
    }

    public static void Answer(SessionState session, string id, bool? isError, bool? isCancelled, CaptureClock clock)
    {
        var call = Call(session, id);
        if (IsNews(call, clock))
        {
            (call.Answered, call.IsError, call.IsCancelled) = (clock, isError, isCancelled);
            session.Answered.Add(id);
        }
    }

    // In the order of messages, which a history has more of with every turn: looked for from the end.
    private static IEnumerable<ToolResult> NewResults(Turn turn, int firstNew)
    {
        var from = turn.ToolResults.Count;
        while (from > 0 && !(turn.ToolResults[from - 1].Message < firstNew))
        {
            from--;
        }

        for (; from < turn.ToolResults.Count; from++)
        {
            yield return turn.ToolResults[from];
        }
    }

    private static bool IsNews(ToolCallState call, CaptureClock clock) => call.Answered is not { } answered || clock < answered;

    private static string IdOf(InterpretedExchange told, int i) => told.Turn!.ToolCalls[i].Id is { Length: > 0 } named ? named : $"{told.Exchange.Id}:{i}";

    private static ToolCallState Call(SessionState session, string id) =>
        session.Tools.TryGetValue(id, out var known) ? known : session.Tools[id] = new ToolCallState();
}
