using System.Text.Json;
using Dapper;
using Lethe.Ingest.Storage;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Reading;

/// <summary>A session's exchanges in capture order, each with the messages that were new in it.</summary>
internal static class ConversationQuery
{
    public static IEnumerable<ConversationTurn> Read(SqliteConnection connection, string sessionId, int? turn)
    {
        using var snapshot = connection.BeginTransaction(deferred: true);
        var order = new TurnOrder(connection);
        var told = new HashSet<long>();
        var seq = 1;
        var rows = connection.Query<ExchangeRow>(
            ExchangeRow.Select + "WHERE s.session_id = @sessionId ORDER BY e.captured_at, e.exchange_id", new { sessionId }, snapshot, buffered: false);
        foreach (var row in rows)
        {
            var place = order.Next(row);
            var fresh = Fresh(connection, row, told);
            if (turn is null || turn == (place ?? seq))
            {
                yield return new ConversationTurn
                {
                    Exchange = ExchangeRows.ToRecord(row, place),
                    NewMessages = [.. fresh.Where(node => node.Depth < row.PromptLength).Select(Message)],
                    Reply = [.. fresh.Where(node => node.Depth >= row.PromptLength).Select(Message)],
                    Tools = Tools(connection, row),
                };
            }

            seq = place + 1 ?? seq;
        }
    }

    // Up from the leaf until a message that was already told; a reply is told by its own exchange even if its content is not new.
    private static List<NodeRow> Fresh(SqliteConnection connection, ExchangeRow row, HashSet<long> told)
    {
        var fresh = new List<NodeRow>();
        for (var at = row.Leaf; at is { } node;)
        {
            var found = connection.QuerySingle<NodeRow>("SELECT node, hash, parent, depth, role, body FROM nodes WHERE node = @node", new { node });
            if (!told.Add(node) && found.Depth < row.PromptLength)
            {
                break;
            }

            fresh.Add(found);
            at = found.Parent;
        }

        fresh.Reverse();
        return fresh;
    }

    private static ConversationMessage Message(NodeRow node)
    {
        using var body = JsonDocument.Parse(node.Body);
        return new ConversationMessage(Convert.ToHexStringLower(node.Hash), (int)node.Depth, node.Role, body.RootElement.Clone());
    }

    private static List<ToolCallOutcome> Tools(SqliteConnection connection, ExchangeRow row) =>
        [.. connection.Query<ToolCallRow>(
            """
            SELECT call_id, name, arguments, asked_at, asked_by, is_error, answered_at, answered_by
            FROM tool_calls
            WHERE session = @Session AND asked_by = @ExchangeId
            ORDER BY call_id
            """,
            new { row.Session, row.ExchangeId }).Select(call => new ToolCallOutcome(
                call.CallId, call.Name, call.Arguments, call.IsError is { } error ? error != 0 : null, Id(call.AskedBy), Id(call.AnsweredBy), Time(call.AskedAt), Time(call.AnsweredAt)))];

    private static string? Id(byte[]? id) => id is null ? null : new Guid(id, bigEndian: true).ToString("D");

    private static DateTimeOffset? Time(long? at) => at is { } known ? Microseconds.ToTime(known) : null;

    private sealed class NodeRow
    {
        public long Node { get; init; }
        public byte[] Hash { get; init; } = [];
        public long? Parent { get; init; }
        public long Depth { get; init; }
        public string Role { get; init; } = "";
        public byte[] Body { get; init; } = [];
    }

    private sealed class ToolCallRow
    {
        public string CallId { get; init; } = "";
        public string? Name { get; init; }
        public string? Arguments { get; init; }
        public long? AskedAt { get; init; }
        public byte[]? AskedBy { get; init; }
        public long? IsError { get; init; }
        public long? AnsweredAt { get; init; }
        public byte[]? AnsweredBy { get; init; }
    }
}
