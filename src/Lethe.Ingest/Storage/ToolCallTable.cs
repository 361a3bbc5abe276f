using Lethe.Capture;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>
/// Tool calls, one row filled from two sides: the reply that asks, and a later request that carries the answer. Of several that tell the same
/// side, the earliest captured stays. Takes part in the caller's transaction.
/// </summary>
internal sealed class ToolCallTable : IDisposable
{
    private readonly Statement find;
    private readonly Statement ask;
    private readonly Statement answer;

    public ToolCallTable(sqlite3 database)
    {
        find = new Statement(database, "SELECT asked_at, asked_by, answered_at, answered_by FROM tool_calls WHERE session = ? AND call_id = ?");
        ask = new Statement(
            database,
            """
            INSERT INTO tool_calls (session, call_id, name, arguments, asked_at, asked_by) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET name = excluded.name, arguments = excluded.arguments, asked_at = excluded.asked_at, asked_by = excluded.asked_by
            """);
        answer = new Statement(
            database,
            """
            INSERT INTO tool_calls (session, call_id, is_error, answered_at, answered_by) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET is_error = excluded.is_error, answered_at = excluded.answered_at, answered_by = excluded.answered_by
            """);
    }

    public void Store(SessionState session, InterpretedExchange told, CaptureClock clock)
    {
        if (told.Turn is not { } turn)
        {
            return;
        }

        for (var i = 0; i < turn.ToolCalls.Count; i++)
        {
            var call = turn.ToolCalls[i];
            var id = call.Id is { Length: > 0 } named ? named : $"{told.Exchange.Id}:{i}";
            var sides = Sides(session, id);
            if (sides.Asked is { } asked && asked <= clock)
            {
                continue;
            }

            ask.Bind(session.Key).Bind(id).Bind(call.Name).Bind(call.ArgumentsJson);
            clock.Bind(ask);
            ask.Run();
            session.Totals.ToolCalls += sides.Asked is null ? 1 : 0;
            session.Tools[id] = sides with { Asked = clock };
        }

        foreach (var result in turn.ToolResults)
        {
            var sides = Sides(session, result.Id);
            if (sides.Answered is { } answered && answered <= clock)
            {
                continue;
            }

            answer.Bind(session.Key).Bind(result.Id).Bind(result.IsError);
            clock.Bind(answer);
            answer.Run();
            session.Tools[result.Id] = sides with { Answered = clock };
        }
    }

    public void Dispose()
    {
        find.Dispose();
        ask.Dispose();
        answer.Dispose();
    }

    private ToolCallSides Sides(SessionState session, string callId)
    {
        if (session.Tools.TryGetValue(callId, out var known) || session.IsWhole)
        {
            return known;
        }

        find.Bind(session.Key).Bind(callId);
        try
        {
            if (find.Step())
            {
                known = new ToolCallSides(find.IsNull(0) ? null : CaptureClock.Read(find, 0), find.IsNull(2) ? null : CaptureClock.Read(find, 2));
            }
        }
        finally
        {
            find.Reset();
        }

        return session.Tools[callId] = known;
    }
}
