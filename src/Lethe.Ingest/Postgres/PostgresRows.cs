using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Postgres;

/// <summary>The rows of a working set, read and written in the caller's transaction.</summary>
internal sealed class PostgresRows(PostgresStatements statements)
{
    private readonly PostgresSessionRows sessions = new(statements);
    private readonly PostgresAttemptRows attempts = new(statements);
    private readonly PostgresChainRows chains = new(statements);
    private readonly PostgresSessionWriter sessionWriter = new(statements);
    private readonly PostgresExchangeWriter exchangeWriter = new(statements);

    /// <summary>Comes first in a transaction that stores.</summary>
    public void Begin(bool isAlone) => sessions.Begin(isAlone);

    /// <summary>Loads all that storing these can change.</summary>
    public void Load(WorkingSet set, IReadOnlyList<NewExchange> round)
    {
        var foresight = new Foresight(set, round);
        for (var needs = foresight.Look(); !needs.IsEmpty; needs = foresight.Look())
        {
            sessions.Load(set, needs);
            attempts.Load(set, needs);
            chains.Load(set, needs);
        }
    }

    /// <summary>Loads the sessions of all that is stored of equal requests, and gives those, oldest first.</summary>
    public List<Attempt> LoadTries(WorkingSet set, string org, long retryKey)
    {
        var tries = attempts.OfKey(org, retryKey);
        sessions.Load(set, Needs.SessionsOf(org, tries));
        return tries;
    }

    public void Write(WorkingSet set)
    {
        sessionWriter.Begin(set);
        exchangeWriter.Write(set);
        sessionWriter.Write(set);
        set.Settle();
    }
}
