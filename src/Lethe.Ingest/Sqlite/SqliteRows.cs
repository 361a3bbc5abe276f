using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>What a working set needs, and what it changed: from rows and to rows. Takes part in the caller's transaction.</summary>
internal sealed class SqliteRows : IDisposable
{
    private readonly SqliteSessionRows sessions;
    private readonly SqliteAttemptRows attempts;
    private readonly SqliteChainRows chains;
    private readonly SqliteSessionWriter sessionWriter;
    private readonly SqliteExchangeWriter exchangeWriter;

    public SqliteRows(SqliteConnection connection, SqliteNames names)
    {
        sessions = new SqliteSessionRows(connection, names);
        attempts = new SqliteAttemptRows(connection, names);
        chains = new SqliteChainRows(connection, names);
        sessionWriter = new SqliteSessionWriter(connection, names);
        exchangeWriter = new SqliteExchangeWriter(connection, names, chains);
    }

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

    public void Dispose()
    {
        IDisposable[] all = [exchangeWriter, sessionWriter, chains, attempts, sessions];
        Array.ForEach(all, one => one.Dispose());
    }
}
