using Lethe.Capture;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// Tool calls, one row filled from two sides: the reply that asks, and a later request that carries the answer. Of several that tell the same
/// side, the earliest captured stays.
/// </summary>
internal static class ToolCalls
{
    /// <summary>The ids under which an exchange's calls and answers are kept. A call without an id has one of its place.</summary>
    public static IEnumerable<string> Ids(InterpretedExchange told) => told.Turn is { } turn
        ? turn.ToolCalls.Select((_, i) => IdOf(told, i)).Concat(turn.ToolResults.Select(result => result.Id))
        : [];

    public static void Apply(SessionState session, InterpretedExchange told, CaptureClock clock)
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

        foreach (var result in turn.ToolResults)
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

    private static bool IsNews(ToolCallState call, CaptureClock clock) => call.Answered is not { } answered || clock < answered;

    private static string IdOf(InterpretedExchange told, int i) => told.Turn!.ToolCalls[i].Id is { Length: > 0 } named ? named : $"{told.Exchange.Id}:{i}";

    private static ToolCallState Call(SessionState session, string id) =>
        session.Tools.TryGetValue(id, out var known) ? known : session.Tools[id] = new ToolCallState();
}
