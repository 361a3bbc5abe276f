namespace Lethe.Ingest.Meaning;

/// <summary>
/// Parts a batch into rounds that are loaded, applied and written one after the other: two tries of one call, two that name the same answer or batch, one that
/// gives it and one that names it, one that gives work to others and one that takes it up, or two machines' turns under one session id, never share one, so that
/// each finds the other in the store. A correction has one of its own.
/// </summary>
internal static class Rounds
{
    public static IEnumerable<List<NewExchange>> Of(IEnumerable<NewExchange> batch, int countMax)
    {
        var round = new List<NewExchange>();
        var calls = new HashSet<(string Org, long Key)>();
        var answers = new HashSet<(string Org, string Id)>();
        var given = new HashSet<(string Org, string Id)>();
        var takenUp = new HashSet<(string Org, string Id)>();
        var hosts = new Dictionary<(string Org, string? Session), string>();
        foreach (var exchange in batch)
        {
            var session = (exchange.Org, exchange.Told.Envelope.HarnessSessionId);
            var (org, told) = (exchange.Org, exchange.Told);
            string?[] names = [Answers.Named(told), Answers.Continued(told), Answers.Made(told), BatchResults.BatchOf(told.Turn)];
            List<(string, string)> named = [.. names.OfType<string>().Select(id => (org, id))];
            var isApart = round.Count == countMax
                || (round.Count > 0 && (exchange.Correction ?? round[^1].Correction) is not null)
                || (exchange.RetryKey is { } key && calls.Contains((org, key)))
                || named.Exists(id => answers.Contains(id) || given.Contains(id))
                || (Answers.Given(told) is { } answer && answers.Contains((org, answer)))
                || (Delegations.Taken(told) is { } taken && given.Contains((org, taken)))
                || Delegations.Given(told).Any(id => takenUp.Contains((org, id)))
                || (exchange.Told.Envelope.Host is { } machine && hosts.TryGetValue(session, out var other) && other != machine);
            if (isApart)
            {
                yield return round;
                round = [];
                calls.Clear();
                answers.Clear();
                given.Clear();
                takenUp.Clear();
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

            if (Delegations.Taken(told) is { } work)
            {
                takenUp.Add((org, work));
            }

            answers.UnionWith(named);
            given.UnionWith(Delegations.Given(told).Append(Answers.Given(told)).OfType<string>().Select(id => (org, id)));
        }

        if (round.Count > 0)
        {
            yield return round;
        }
    }
}
