using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using SQLitePCL;

namespace Lethe.Ingest.Storage;

/// <summary>Small tables whose rows many exchanges name: organisations, routes, callers, and prompts by their hash. Takes part in the caller's transaction.</summary>
internal sealed class NamedRows : IDisposable
{
    private const int RecentMax = 8192;

    private readonly RecentMap<string, long> orgs = new(RecentMax);
    private readonly RecentMap<Route, long> routes = new(RecentMax);
    private readonly RecentMap<Caller, long> callers = new(RecentMax);
    private readonly RecentMap<(long Org, UInt128 Hash), long> blobs = new(RecentMax);
    private (Route Route, long Row) lastRoute;
    private (Caller? Caller, long Row) lastCaller;
    private readonly Statement findOrg;
    private readonly Statement addOrg;
    private readonly Statement nameOrg;
    private readonly Statement findRoute;
    private readonly Statement addRoute;
    private readonly Statement findCaller;
    private readonly Statement addCaller;
    private readonly Statement findBlob;
    private readonly Statement addBlob;

    public NamedRows(sqlite3 database)
    {
        findOrg = new Statement(database, "SELECT org FROM orgs WHERE org_id = ?");
        addOrg = new Statement(database, "INSERT INTO orgs (org_id) VALUES (?)");
        nameOrg = new Statement(database, "SELECT org_id FROM orgs WHERE org = ?");
        findRoute = new Statement(
            database,
            """
            SELECT route FROM routes
            WHERE door = ? AND method = ? AND path = ? AND http_version = ? AND upstream = ? AND provider = ? AND endpoint = ? AND operation = ?
            """);
        addRoute = new Statement(
            database,
            "INSERT INTO routes (door, method, path, http_version, upstream, provider, endpoint, operation) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        findCaller = new Statement(database, "SELECT caller FROM callers WHERE harness_id = ? AND harness_version = ? AND evidence = ?");
        addCaller = new Statement(database, "INSERT INTO callers (harness_id, harness_version, evidence) VALUES (?, ?, ?)");
        findBlob = new Statement(database, "SELECT blob FROM blobs WHERE hash = ? AND org = ?");
        addBlob = new Statement(database, "INSERT INTO blobs (hash, org, content) VALUES (?, ?, ?)");
    }

    public long Org(string orgId)
    {
        if (!orgs.TryGet(orgId, out var org))
        {
            orgs[orgId] = org = findOrg.Bind(orgId).Scalar() ?? addOrg.Bind(orgId).Insert();
        }

        return org;
    }

    public string OrgId(long org)
    {
        nameOrg.Bind(org);
        try
        {
            return nameOrg.Step() ? nameOrg.Text(0)! : Organisation.None;
        }
        finally
        {
            nameOrg.Reset();
        }
    }

    public long RouteOf(InterpretedExchange told)
    {
        var exchange = told.Exchange;
        var route = new Route(
            StoredWord.Of(exchange.Door),
            exchange.Method,
            exchange.Path,
            exchange.HttpVersion,
            exchange.Upstream ?? "",
            told.Turn?.Provider ?? exchange.Provider ?? "",
            told.Turn?.Endpoint ?? "",
            StoredWord.Of(told.Turn?.Operation ?? default));
        if (route == lastRoute.Route)
        {
            return lastRoute.Row;
        }

        if (!routes.TryGet(route, out var row))
        {
            routes[route] = row = route.Bind(findRoute).Scalar() ?? route.Bind(addRoute).Insert();
        }

        lastRoute = (route, row);
        return row;
    }

    public long CallerOf(InterpretedExchange told)
    {
        var caller = new Caller(told.Envelope);
        if (caller.Equals(lastCaller.Caller))
        {
            return lastCaller.Row;
        }

        if (!callers.TryGet(caller, out var row))
        {
            var evidence = JsonSerializer.Serialize(told.Envelope.Evidence, StoredJson.Default.IReadOnlyDictionaryStringString);
            callers[caller] = row = caller.Bind(findCaller).Bind(evidence).Scalar() ?? caller.Bind(addCaller).Bind(evidence).Insert();
        }

        lastCaller = (caller, row);
        return row;
    }

    /// <summary>The content's row, stored once an organisation; null for null.</summary>
    public long? Blob(long org, byte[]? content)
    {
        if (content is null)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        var key = (org, System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash));
        if (!blobs.TryGet(key, out var row))
        {
            blobs[key] = row = findBlob.Bind(hash).Bind(org).Scalar() ?? addBlob.Bind(hash).Bind(org).Bind(content).Insert();
        }

        return row;
    }

    public void Age()
    {
        orgs.Age();
        routes.Age();
        callers.Age();
        blobs.Age();
    }

    public void Forget()
    {
        orgs.Clear();
        routes.Clear();
        callers.Clear();
        blobs.Clear();
        (lastRoute, lastCaller) = (default, default);
    }

    public void Dispose()
    {
        Statement[] all = [findOrg, addOrg, nameOrg, findRoute, addRoute, findCaller, addCaller, findBlob, addBlob];
        foreach (var statement in all)
        {
            statement.Dispose();
        }
    }

    private readonly record struct Route(
        string Door, string Method, string Path, string HttpVersion, string Upstream, string Provider, string Endpoint, string Operation)
    {
        public Statement Bind(Statement statement) => statement
            .Bind(Door)
            .Bind(Method)
            .Bind(Path)
            .Bind(HttpVersion)
            .Bind(Upstream)
            .Bind(Provider)
            .Bind(Endpoint)
            .Bind(Operation);
    }
}
