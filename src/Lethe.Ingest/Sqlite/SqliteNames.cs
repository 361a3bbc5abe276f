using Lethe.Capture;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>Small tables whose rows many exchanges name, and that are never deleted from: organisations, routes, callers, journals. Takes part in the caller's transaction.</summary>
internal sealed class SqliteNames(SqliteConnection connection) : IDisposable
{
    private const int KnownMax = 16_384;

    private readonly Dictionary<string, long> orgs = [];
    private readonly Dictionary<Route, long> routes = [];
    private readonly Dictionary<Caller, long> callers = [];
    private readonly Dictionary<Guid, long> journals = [];
    private readonly Prepared findOrg = new(connection, "SELECT org FROM orgs WHERE org_id = ?1");
    private readonly Prepared addOrg = new(connection, "INSERT INTO orgs (org_id) VALUES (?1)");

    private readonly Prepared findRoute = new(
        connection,
        """
        SELECT route FROM routes
        WHERE door = ?1 AND capture_mode = ?2 AND method = ?3 AND http_version = ?4 AND upstream = ?5 AND provider = ?6 AND endpoint = ?7
        """);

    private readonly Prepared addRoute = new(
        connection, "INSERT INTO routes (door, capture_mode, method, http_version, upstream, provider, endpoint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    private readonly Prepared findCaller = new(connection, "SELECT caller FROM callers WHERE harness_id = ?1 AND harness_version = ?2 AND evidence = ?3");
    private readonly Prepared addCaller = new(connection, "INSERT INTO callers (harness_id, harness_version, evidence) VALUES (?1, ?2, ?3)");
    private readonly Prepared findJournal = new(connection, "SELECT journal FROM journals WHERE journal_id = ?1");
    private readonly Prepared addJournal = new(connection, "INSERT INTO journals (journal_id) VALUES (?1)");

    public long Org(string id) => Row(orgs, id, findOrg, addOrg, id);

    public long Journal(Guid id) => Row(journals, id, findJournal, addJournal, id.Bytes());

    public long RouteOf(InterpretedExchange told)
    {
        var route = Route.Of(told);
        return Row(routes, route, findRoute, addRoute, route.Door, route.CaptureMode, route.Method, route.HttpVersion, route.Upstream, route.Provider, route.Endpoint);
    }

    public long CallerOf(InterpretedExchange told)
    {
        var caller = new Caller(told.Envelope);
        return callers.TryGetValue(caller, out var row)
            ? row
            : Row(callers, caller, findCaller, addCaller, caller.HarnessId, caller.Version, caller.EvidenceJson());
    }

    /// <summary>Forgets everything: the transaction was rolled back.</summary>
    public void Forget()
    {
        orgs.Clear();
        routes.Clear();
        callers.Clear();
        journals.Clear();
    }

    public void Dispose()
    {
        Prepared[] all = [findOrg, addOrg, findRoute, addRoute, findCaller, addCaller, findJournal, addJournal];
        Array.ForEach(all, one => one.Dispose());
    }

    private static long Row<TKey>(Dictionary<TKey, long> known, TKey key, Prepared find, Prepared add, params ReadOnlySpan<object?> values)
        where TKey : notnull
    {
        if (known.TryGetValue(key, out var row))
        {
            return row;
        }

        if (known.Count >= KnownMax)
        {
            known.Clear();
        }

        return known[key] = find.Number(values) ?? add.Insert(values);
    }
}
