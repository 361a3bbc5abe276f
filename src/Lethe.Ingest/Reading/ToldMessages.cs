using Dapper;
using Lethe.Capture.Chains;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>Which messages of a session were told already, as its exchanges pass in the order of capture.</summary>
/// <param name="start">What was carried up to there was told before; null at the session's beginning.</param>
internal sealed class ToldMessages(CaptureClock? start)
{
    private const string Select = "SELECT hash, parent_hash, depth, role, body, carried_at, carried_by FROM session_messages WHERE org = @Owner AND session_id = @Session ";

    private readonly HashSet<NodeHash> told = [];
    private readonly Dictionary<NodeHash, MessageRow> untold = [];

    /// <summary>Reads the messages that the exchanges after one, up to another, were the first to carry.</summary>
    public void Load(SessionPlace at, CaptureClock? after, CaptureClock upTo)
    {
        var rows = at.Db.Query<MessageRow>(
            Select + "AND carried_at >= @from AND carried_at <= @to", new { at.Owner, at.Session, from = after?.At ?? long.MinValue, to = upTo.At }, at.Snapshot);
        foreach (var row in rows.Where(row => row.Carried <= upTo && (after is null || row.Carried > after)))
        {
            untold[new NodeHash(row.Hash)] = row;
        }
    }

    /// <summary>The messages that are new in an exchange, oldest first; its reply, also where its words are not new.</summary>
    public List<MessageRow> Fresh(SessionPlace at, ExchangeRow row)
    {
        // Up from the leaf until a message that was already told.
        var fresh = new List<MessageRow>();
        var depth = row.ChainLength - 1;
        for (var bytes = row.LeafHash; bytes is not null; depth--)
        {
            var hash = new NodeHash(bytes);
            var isNew = told.Add(hash);
            if (!isNew && depth < row.PromptLength)
            {
                break;
            }

            if (!untold.Remove(hash, out var message))
            {
                message = Look(at, hash);
                isNew &= message is not null && !(message.Carried is { } carried && carried <= start);
            }

            if (message is null || (!isNew && depth < row.PromptLength))
            {
                break;
            }

            fresh.Add(message);
            bytes = message.ParentHash;
        }

        fresh.Reverse();
        return fresh;
    }

    // What an exchange said that came to the session by another try of its call is not the session's.
    private static MessageRow? Look(SessionPlace at, NodeHash hash)
    {
        var wanted = new { at.Owner, at.Session, bytes = hash.ToArray() };
        return at.Db.QueryFirstOrDefault<MessageRow>(Select + "AND hash = @bytes", wanted, at.Snapshot)
            ?? at.Db.QueryFirstOrDefault<MessageRow>(
                "SELECT hash, parent_hash, depth, role, body FROM messages WHERE org = @Owner AND hash = @bytes", wanted, at.Snapshot);
    }
}
