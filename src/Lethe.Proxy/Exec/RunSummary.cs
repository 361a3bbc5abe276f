using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exec;

/// <summary>What a run came to, told in one line a conversation.</summary>
internal static class RunSummary
{
    /// <summary>The lines for the exchanges of a run, in the order that they began in.</summary>
    /// <param name="page">The page's address, without a trailing slash; null where none is left running.</param>
    public static IEnumerable<string> Of(IReadOnlyList<ExchangeRecord> exchanges, string? page)
    {
        var conversations = exchanges.Where(exchange => exchange.Session is not null)
            .GroupBy(exchange => RootOf(exchange, exchanges))
            .Select(conversation => Line(conversation.Key, [.. conversation], page))
            .ToList();
        var strays = exchanges.Count(exchange => exchange.Session is null);
        return conversations.Count > 0 ? conversations
            : strays > 0 ? [$"lethe: {Plural(strays, "call")}, no session"]
            : ["lethe: no calls came through"];
    }

    private static string Line(string session, List<ExchangeRecord> calls, string? page)
    {
        var ofRoot = calls.FirstOrDefault(call => call.Session!.Id == session) ?? calls[0];
        var agents = calls.Select(call => call.Session!.Id).Where(id => id != session).Distinct().Count();
        var failed = calls.Count(call => call.Turn.Seq is null && call.Operation is "chat" or "completion");
        List<string> parts =
        [
            Plural(calls.Count, "call"),
            .. agents > 0 ? [Plural(agents, "sub-agent")] : Array.Empty<string>(),
            $"{Format.Count(calls.Sum(call => call.Usage?.InputTokens ?? 0))} tokens in",
            $"{Format.Count(calls.Sum(call => call.Usage?.OutputTokens ?? 0))} out",
            Format.Money(calls.Any(call => call.CostNanoUsd is not null) ? calls.Sum(call => call.CostNanoUsd ?? 0) : null),
            .. failed > 0 ? [Plural(failed, "failed attempt")] : Array.Empty<string>(),
        ];
        return $"lethe: {ofRoot.Harness.Id} session {ofRoot.Session!.HarnessSessionId}: {string.Join(", ", parts)} (lethe show {session}{(page is null ? "" : $", {page}/sessions/{session}")})";
    }

    /// <summary>Up the parents, as far as this run saw them.</summary>
    private static string RootOf(ExchangeRecord exchange, IReadOnlyList<ExchangeRecord> exchanges)
    {
        var session = exchange.Session!;
        HashSet<string> seen = [];
        while (seen.Add(session.Id) && session.Parent?.SessionId is { } parent)
        {
            var known = exchanges.FirstOrDefault(other => other.Session?.Id == parent)?.Session;
            if (known is null)
            {
                return parent;
            }

            session = known;
        }

        return session.Id;
    }

    private static string Plural(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
