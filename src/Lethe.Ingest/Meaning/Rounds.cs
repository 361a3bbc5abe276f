namespace Lethe.Ingest.Meaning;

/// <summary>
/// Parts a batch into rounds that are loaded, applied and written one after the other: two tries of one call, two that name the same kept answer or batch,
/// one that gives work to others and one that takes it up, or two machines' turns under one session id, never share one, so that each finds the other in the
/// store. A correction has one of its own.
/// </summary>
internal static class Rounds
{
    public static IEnumerable<List<NewExchange>> Of(IEnumerable<NewExchange> batch, int countMax)
    {
        var round = new List<NewExchange>();
        var calls = new HashSet<(string Org, long Key)>();
        var answers = new HashSet<(string Org, string Id)>();
        var hosts = new Dictionary<(string Org, string? Session), string>();
        foreach (var exchange in batch)
        {
            var session = (exchange.Org, exchange.Told.Envelope.HarnessSessionId);
            var (org, turn) = (exchange.Org, exchange.Told.Turn);
            string[] shared = [.. new[] { Answers.Named(turn), Answers.Made(turn), BatchResults.BatchOf(turn) }.OfType<string>()];
            var isApart = round.Count == countMax
                || (round.Count > 0 && (exchange.Correction ?? round[^1].Correction) is not null)
                || (exchange.RetryKey is { } key && calls.Contains((org, key)))
                || Array.Exists(shared, id => answers.Contains((org, id)))
                || (Delegations.Taken(exchange.Told) is { } taken && answers.Contains((org, taken)))
                || (exchange.Told.Envelope.Host is { } machine && hosts.TryGetValue(session, out var other) && other != machine);
            if (isApart)
            {
                yield return round;
                round = [];
                calls.Clear();
                answers.Clear();
                hosts.Clear();
            }

            round.Add(exchange);
            if (exchange.RetryKey is { } call)
            {
                calls.Add((org, call));
            }

            if (exchange.Told.Envelope.Host is { } host)
            {
                hosts[session] = host;
            }

            answers.UnionWith(shared.Concat(Delegations.Given(exchange.Told)).Select(id => (org, id)));
        }

        if (round.Count > 0)
        {
            yield return round;
        }
    }
}
