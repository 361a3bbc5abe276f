namespace Lethe.Ingest.Meaning;

/// <summary>
/// Parts a batch into rounds that are loaded, applied and written one after the other: two tries of one call, two that name the same answer, one that
/// gives it and one that names it, or two machines' turns under one session id, never share one, so that each finds the other in the store.
/// </summary>
internal static class Rounds
{
    public static IEnumerable<List<NewExchange>> Of(IEnumerable<NewExchange> batch, int countMax)
    {
        var round = new List<NewExchange>();
        var calls = new HashSet<(string Org, long Key)>();
        var answers = new HashSet<(string Org, string Id)>();
        var given = new HashSet<(string Org, string Id)>();
        var hosts = new Dictionary<(string Org, string? Session), string>();
        foreach (var exchange in batch)
        {
            var session = (exchange.Org, exchange.Told.Envelope.HarnessSessionId);
            var (org, told) = (exchange.Org, exchange.Told);
            List<(string, string)> named = [.. new[] { Answers.Named(told), Answers.Continued(told), Answers.Made(told) }.OfType<string>().Select(id => (org, id))];
            var isApart = round.Count == countMax
                || (exchange.RetryKey is { } key && calls.Contains((org, key)))
                || named.Exists(id => answers.Contains(id) || given.Contains(id))
                || (Answers.Given(told) is { } answer && answers.Contains((org, answer)))
                || (exchange.Told.Envelope.Host is { } machine && hosts.TryGetValue(session, out var other) && other != machine);
            if (isApart)
            {
                yield return round;
                round = [];
                calls.Clear();
                answers.Clear();
                given.Clear();
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

            answers.UnionWith(named);
            if (Answers.Given(told) is { } id)
            {
                given.Add((org, id));
            }
        }

        if (round.Count > 0)
        {
            yield return round;
        }
    }
}
