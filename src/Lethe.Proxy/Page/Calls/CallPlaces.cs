using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Calls;

/// <summary>Where calls are made, in words: the project, and the agent in it. Each session is looked up once.</summary>
public sealed class CallPlaces(StoreReader reader, string org)
{
    private const int NameCharactersMax = 28;
    private const int IdCharactersMax = 14;

    /// <summary>What starts what starts what is told so far up.</summary>
    private const int AncestorsMax = 8;

    private readonly Dictionary<string, string> known = [];

    /// <param name="harnessSessionId">What to call it by where nothing of it is stored.</param>
    public string Of(string sessionId, string harnessSessionId)
    {
        if (!known.TryGetValue(sessionId, out var place))
        {
            known[sessionId] = place = Read(sessionId) ?? Terminal.Format.OneLine(harnessSessionId, NameCharactersMax);
        }

        return place;
    }

    /// <summary>The failed tries of the call that this one is the last try of, earliest first.</summary>
    public IReadOnlyList<ExchangeRecord> TriesBefore(ExchangeRecord exchange) =>
        [.. (reader.Attempts(org, exchange.ExchangeId)?.Attempts ?? []).TakeWhile(attempt => attempt.ExchangeId != exchange.ExchangeId)];

    private string? Read(string sessionId)
    {
        if (reader.Session(org, sessionId)?.Session is not { } session)
        {
            return null;
        }

        var (root, ancestors) = (session, 0);
        while (root.ParentSessionId is { } parent && ancestors++ < AncestorsMax && reader.Session(org, parent)?.Session is { } above)
        {
            root = above;
        }

        var project = (root.Cwd ?? session.Cwd)?.TrimEnd('/', '\\').Split('/', '\\')[^1] is { Length: > 0 } directory ? directory : root.Name ?? Terminal.Format.OneLine(root.HarnessSessionId, IdCharactersMax);
        var agent = root == session ? "main" : session.Name ?? session.HarnessSessionId.Split('/')[^1];
        return $"{Terminal.Format.OneLine(project, NameCharactersMax)} › {Terminal.Format.OneLine(agent, NameCharactersMax)}";
    }
}
