using System.Data.Common;
using Dapper;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>A session's exchanges in capture order, each with the messages that were new in it, in the session's own words.</summary>
internal sealed class ConversationQuery
{
    private const int BodiesAtOnceMax = 256;

    private readonly IReadConnections connections;
    private readonly DbConnection connection;
    private readonly object owner;
    private readonly object session;
    private readonly Dictionary<NodeHash, MessageRow> places;
    private readonly HashSet<NodeHash> told = [];

    private ConversationQuery(IReadConnections connections, DbConnection connection, object owner, object session)
    {
        this.connections = connections;
        this.connection = connection;
        this.owner = owner;
        this.session = session;
        places = connection.Query<MessageRow>(
            "SELECT hash, parent_hash, depth, role FROM session_messages WHERE org = @owner AND session_id = @session", new { owner, session })
            .ToDictionary(row => new NodeHash(row.Hash));
    }

    public static IEnumerable<ConversationTurn> Read(IReadConnections connections, string org, string sessionId, int? turn)
    {
        using var connection = connections.Open();
        if (!Guid.TryParse(sessionId, out var id) || connections.Org(connection.Db, org) is not { } owner)
        {
            yield break;
        }

        // Rows pass on one connection while messages are asked for on another.
        using var asking = connections.Open();
        using var snapshot = connections.BeginSnapshot(connection.Db);
        var session = connections.SessionId(id);
        var query = new ConversationQuery(connections, asking.Db, owner, session);
        long next = 1;
        var rows = connection.Db.Query<ExchangeRow>(
            ExchangeRow.Select + "WHERE org = @owner AND session_id = @session ORDER BY captured_at, exchange_id", new { owner, session }, snapshot, buffered: false);
        foreach (var row in rows)
        {
            var fresh = query.Fresh(row);
            if (turn is null || turn == (row.Seq ?? next))
            {
                yield return query.Turn(row, fresh);
            }

            next = row.Seq + 1 ?? next;
        }
    }

    private ConversationTurn Turn(ExchangeRow row, List<NodeHash> fresh)
    {
        var bodies = Bodies(fresh);
        var messages = fresh.Where(bodies.ContainsKey).Select(hash => bodies[hash]).ToList();
        return new ConversationTurn
        {
            Exchange = ExchangeRows.ToRecord(row),
            NewMessages = [.. messages.Where(message => message.Depth < row.PromptLength).Select(message => message.ToMessage())],
            Reply = [.. messages.Where(message => message.Depth >= row.PromptLength).Select(message => message.ToMessage())],
            Tools = Tools(row),
        };
    }

    // Up from the leaf until a message that was already told; a reply is told by its own exchange even if its content is not new.
    private List<NodeHash> Fresh(ExchangeRow row)
    {
        var fresh = new List<NodeHash>();
        for (var at = row.LeafHash; at is not null;)
        {
            var hash = new NodeHash(at);
            if (Place(hash) is not { } place || (!told.Add(hash) && place.Depth < row.PromptLength))
            {
                break;
            }

            fresh.Add(hash);
            at = place.ParentHash;
        }

        fresh.Reverse();
        return fresh;
    }

    // What an exchange said that came to the session by another try of its call is not the session's.
    private MessageRow? Place(NodeHash hash)
    {
        if (!places.TryGetValue(hash, out var place))
        {
            place = connection.QueryFirstOrDefault<MessageRow>(
                "SELECT hash, parent_hash, depth, role FROM messages WHERE org = @owner AND hash = @bytes", new { owner, bytes = hash.ToArray() });
            if (place is not null)
            {
                places[hash] = place;
            }
        }

        return place;
    }

    private Dictionary<NodeHash, MessageRow> Bodies(List<NodeHash> fresh)
    {
        var found = new Dictionary<NodeHash, MessageRow>();
        foreach (var some in fresh.Chunk(BodiesAtOnceMax))
        {
            Add("session_messages", " AND session_id = @session", some);
        }

        foreach (var some in fresh.Where(hash => !found.ContainsKey(hash)).Chunk(BodiesAtOnceMax).ToList())
        {
            Add("messages", "", some);
        }

        return found;

        void Add(string view, string condition, NodeHash[] hashes)
        {
            var rows = connection.Query<MessageRow>(
                $"SELECT hash, parent_hash, depth, role, body FROM {view} WHERE org = @owner{condition} AND {connections.IsAmong("hash", "hashes")}",
                new { owner, session, hashes = hashes.Select(hash => hash.ToArray()).ToArray() });
            foreach (var message in rows)
            {
                found[new NodeHash(message.Hash)] = message;
            }
        }
    }

    private List<ToolCallOutcome> Tools(ExchangeRow row) =>
        [.. connection.Query<ToolCallRow>(
            "SELECT * FROM session_tools WHERE org = @owner AND session_id = @session AND asked_by = @exchange ORDER BY call_id",
            new { owner, session, exchange = connections.ExchangeId(row.ExchangeId) }).Select(call => new ToolCallOutcome(
                call.CallId,
                call.Name,
                call.Arguments,
                call.IsError is { } error ? error != 0 : null,
                call.AskedBy?.ToString("D"),
                call.AnsweredBy?.ToString("D"),
                Time(call.AskedAt),
                Time(call.AnsweredAt)))];

    private static DateTimeOffset? Time(long? at) => at is { } known ? Microseconds.ToTime(known) : null;

    private sealed class ToolCallRow
    {
        public string CallId { get; init; } = "";
        public string? Name { get; init; }
        public string? Arguments { get; init; }
        public long? AskedAt { get; init; }
        public Guid? AskedBy { get; init; }
        public long? IsError { get; init; }
        public long? AnsweredAt { get; init; }
        public Guid? AnsweredBy { get; init; }
    }
}
